"""The real clock and real ids."""

import base64
import secrets
from datetime import UTC, datetime

from core.names import RunId


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomIds:
    """Ids from the system's randomness: 60 bits, so that two are never the same in practice."""

    def run(self) -> RunId:
        return RunId(base64.b32encode(secrets.token_bytes(8)).decode("ascii").lower()[:12])
