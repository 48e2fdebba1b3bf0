"""How fast deliveries are taken in: the real web process against a bare aiohttp handler, in the same run.

The bare handler checks the HMAC and parses the JSON of the same requests, and keeps nothing. The receiver commits
every delivery (SQLite, `synchronous=FULL`) before it answers, and rings a real Redis.
"""

import asyncio
import contextlib
import hmac
import json
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from benchmarks import bare
from benchmarks.figures import Bound, Figure, Report, middle
from benchmarks.load import Measured, drive
from benchmarks.machine import free_port
from bot.up.children import Child, Keeper

CONNECTIONS = 64
BODY_BYTES = 12_000
SECONDS = 4.0
"""For each server in each round."""
GOAL, FLOOR = 0.6, 0.4
ROUNDS = 3
"""The two servers take turns, so that a slow moment of the machine meets both."""


async def measure() -> Report:
    """Both servers under the same load, by turns; the throughputs of all rounds together."""
    secret = secrets.token_hex(16)
    body = _body()
    signature = "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
    rounds: dict[str, list[Measured]] = {"bare": [], "receiver": []}
    with tempfile.TemporaryDirectory(prefix="pullwright-bench-") as folder:
        async with _receiver(Path(folder), secret) as real, _bare(secret) as yardstick:
            ports = {"bare": yardstick, "receiver": real}
            for number in range(ROUNDS):
                for name, port in ports.items():
                    measured = await drive(
                        "127.0.0.1",
                        port,
                        body=body,
                        signature=signature,
                        connections=CONNECTIONS,
                        seconds=SECONDS,
                        series=number,
                    )
                    rounds[name].append(measured)
    if refused := sum(one.refused for many in rounds.values() for one in many):
        raise SystemExit(f"{refused} deliveries were refused.")
    each = {name: sum(one.answered for one in many) / sum(one.seconds for one in many) for name, many in rounds.items()}
    figure = Figure(
        f"receiver, {CONNECTIONS} connections",
        each["receiver"],
        "deliveries/s",
        baseline=each["bare"],
        against="bare aiohttp",
        bound=Bound("ratio", "at least", FLOOR),
        goal=GOAL,
    )
    return Report((figure,), _latencies(rounds))


def _body() -> bytes:
    """A payload as large and as nested as GitHub's `issues` events are."""
    label = {"id": 1, "node_id": "LA_kwDOAA", "name": "bug", "color": "d73a4a", "default": True, "description": "…"}
    payload: dict[str, Any] = {"action": "labeled", "issue": {"number": 1, "title": "x", "labels": []}}
    while len(json.dumps(payload)) < BODY_BYTES:
        payload["issue"]["labels"].append(label | {"url": "https://api.github.com/repos/acme/widgets/labels/bug"})
    return json.dumps(payload).encode()


@contextlib.asynccontextmanager
async def _receiver(folder: Path, secret: str) -> AsyncIterator[int]:
    port = free_port()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PULLWRIGHT_")},
        "PULLWRIGHT_DATA_DIR": str(folder),
        "PULLWRIGHT_WEBHOOK_SECRET": secret,
        "PULLWRIGHT_PORT": str(port),
    }
    with Path(folder, "log").open("wb") as log:  # noqa: ASYNC230  # one local file, before anything is measured
        keepers = [Keeper(Child(name, (name,)), environ, log) for name in ("redis", "web")]
        try:
            await _listens(port)
            yield port
        finally:
            for keeper in reversed(keepers):
                await keeper.stop(10)


@contextlib.asynccontextmanager
async def _bare(secret: str) -> AsyncIterator[int]:
    port = free_port()
    environ = {**os.environ, "BARE_SECRET": secret, "BARE_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(sys.executable, str(Path(bare.__file__)), env=environ)
    try:
        await _listens(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.02)


def _latencies(rounds: dict[str, list[Measured]]) -> str:
    lines = [f"{'':<10}{'p50 ms':>10}{'p99 ms':>10}"]
    for name, many in rounds.items():
        p50, p99 = (1000 * middle(getattr(one, place) for one in many) for place in ("p50", "p99"))
        lines.append(f"{name:<10}{p50:>10.1f}{p99:>10.1f}")
    return "\n".join(lines)
