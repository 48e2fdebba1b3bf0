"""Does the box hold here? Tried once before anything starts, so that a missing sandbox is read on the terminal."""

from adapters.sandbox.backends import boxes
from adapters.settings import Settings
from core.errors import ConfigurationError


async def check_sandbox(settings: Settings) -> None:
    """Raises ConfigurationError with the first property of the box that does not hold, and what to do about it.

    The quick part of the probe, a tenth of a second; `pullwright doctor` tries all of it.
    """
    if settings.sandbox == "none":
        return  # asked for by name: that it holds nothing is known
    report = await boxes(settings.sandbox).probe(quick=True)
    for line in report.lines:
        if not line.ok:
            raise ConfigurationError(f"The sandbox does not hold here: {line.name}: {line.why}")
