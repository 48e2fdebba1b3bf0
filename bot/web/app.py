"""The web application: its routes, and what they work with."""

from collections.abc import AsyncIterator

from aiohttp import web

from adapters.settings import Settings
from adapters.store import Store
from adapters.store.inbox import InboxWriter
from bot.web import health, hooks, webhooks
from bot.web.bodies import ROOM, Room
from bot.web.inbox import Inbox
from bot.web.keys import CLOCK, DOORBELL, HOOK_SECRETS, INBOX, METRICS, SECRETS, STORE
from bot.web.metrics import Metrics
from core.clock import Clock
from core.doorbell import Doorbell
from core.errors import ConfigurationError

BUSY_SECONDS = 8.0
"""GitHub hangs up after ten: a delivery that cannot be stored is refused before."""


def make_app(
    settings: Settings, store: Store, doorbell: Doorbell, clock: Clock, *, busy_seconds: float = BUSY_SECONDS
) -> web.Application:
    """The app. `busy_seconds` is how long a delivery waits for the database before it is refused.

    Raises ConfigurationError without a webhook secret: an unsigned event could be anybody's."""
    if not settings.webhook_secret:
        raise ConfigurationError(
            "PULLWRIGHT_WEBHOOK_SECRET is not set: without it nobody can tell whether an event comes from GitHub. "
            "Give it the webhook secret of your GitHub App."
        )
    app = web.Application()
    numbers = Metrics()
    app[STORE], app[DOORBELL], app[CLOCK], app[METRICS] = store, doorbell, clock, numbers
    app[ROOM] = Room()
    app[SECRETS] = tuple(secret.get_secret_value().encode() for secret in settings.webhook_secret)
    app[HOOK_SECRETS] = hooks.by_name(
        [(name, secret.get_secret_value().encode()) for name, secret in settings.hook_secrets]
    )
    app[INBOX] = Inbox(InboxWriter(settings.database_url, busy_seconds=busy_seconds), doorbell, numbers.committed)
    app.cleanup_ctx.append(_flushed)
    app.add_routes(
        [
            web.post("/webhooks/github", webhooks.receive),
            web.post("/hooks/{name}", hooks.receive),
            web.get("/healthz", health.healthz),
            web.get("/readyz", health.readyz),
            web.get("/metrics", health.metrics),
        ]
    )
    return app


async def _flushed(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[INBOX].close()
