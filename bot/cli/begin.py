"""How every command begins: settings from the environment, logs to stderr."""

import os

from adapters import logs
from adapters.settings import Settings, load


def begin(process: str) -> Settings:
    """The settings; from here on, their secrets stand in no log. Raises ConfigurationError."""
    settings = load(os.environ)
    logs.configure(settings.secrets(), process=process)
    return settings
