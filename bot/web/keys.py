"""What the app carries for its handlers."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from adapters.store import Store
from bot.web.inbox import Inbox
from bot.web.metrics import Metrics
from core.clock import Clock
from core.doorbell import Doorbell

STORE = web.AppKey("store", Store)
DOORBELL: web.AppKey[Doorbell] = web.AppKey("doorbell")
CLOCK: web.AppKey[Clock] = web.AppKey("clock")
INBOX = web.AppKey("inbox", Inbox)
METRICS = web.AppKey("metrics", Metrics)
SECRETS: web.AppKey[Sequence[bytes]] = web.AppKey("secrets")
HOOK_SECRETS: web.AppKey[Mapping[str, Sequence[bytes]]] = web.AppKey("hook secrets")
