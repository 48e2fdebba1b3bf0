"""Is the App believed? Asked once before anything starts, so that a wrong key is read on the terminal."""

import structlog

from adapters.github.app import GitHubApp
from adapters.github.requests import Patience
from adapters.settings import Settings
from adapters.system import SystemClock
from core.errors import AppRefused, BotError, ConfigurationError

log = structlog.get_logger()


async def check_identity(settings: Settings) -> None:
    """Raises ConfigurationError where GitHub refuses the App's id or key.

    A GitHub that cannot be asked now keeps nothing from starting: deliveries are stored, and wait until it answers.
    """
    if settings.app_id is None or settings.private_key is None:
        return  # whatever needs them says so
    key = settings.private_key.get_secret_value
    try:
        async with GitHubApp(
            settings.github_api_url, settings.app_id, key, SystemClock(), patience=Patience(attempts=1)
        ) as app:
            await app.identity()
    except AppRefused as error:
        raise ConfigurationError(f"PULLWRIGHT_APP_ID, PULLWRIGHT_PRIVATE_KEY: {error}") from error
    except BotError as error:
        log.warning("up.github_not_asked", code=error.code, why=str(error))
