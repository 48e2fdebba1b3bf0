"""How fast deliveries are taken in: the real web process against a bare aiohttp handler, in the same run.

The bare handler checks the HMAC and parses the JSON of the same requests, and keeps nothing. The receiver commits
every delivery (SQLite, `synchronous=FULL`) before it answers, and rings a real Redis.
"""

import argparse
import asyncio
import contextlib
import hmac
import json
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import bare
from benchmarks.load import Measured, drive
from bot.up.children import Child, Keeper

CONNECTIONS = 64
BODY_BYTES = 12_000
GOAL, FLOOR = 0.6, 0.4
ROUNDS = 3
"""The two servers take turns, so that a slow moment of the machine meets both."""


def main() -> None:
    """Measure, and print a table or one JSON document. Ends with 1 below the floor."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4.0, help="for each server in each round")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    chosen = parser.parse_args()
    found = asyncio.run(measure(chosen.seconds))
    print(json.dumps(found, indent=2) if chosen.json else _table(found))
    sys.exit(0 if found["ratio"] >= FLOOR and not found["refused"] else 1)


async def measure(seconds: float) -> dict[str, Any]:
    """Both servers under the same load, by turns. `ratio` is between the throughputs of all rounds."""
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
                        seconds=seconds,
                        series=number,
                    )
                    rounds[name].append(measured)
    best = {name: sum(one.answered for one in many) / sum(one.seconds for one in many) for name, many in rounds.items()}
    return {
        "connections": CONNECTIONS,
        "body_bytes": len(body),
        "ratio": best["receiver"] / best["bare"],
        "goal": GOAL,
        "floor": FLOOR,
        "refused": sum(one.refused for many in rounds.values() for one in many),
        "servers": {
            name: {
                "per_second": best[name],
                "p50_ms": 1000 * sorted(one.p50 for one in many)[len(many) // 2],
                "p99_ms": 1000 * sorted(one.p99 for one in many)[len(many) // 2],
                "rounds": [asdict(one) | {"per_second": one.per_second} for one in many],
            }
            for name, many in rounds.items()
        },
    }


def _body() -> bytes:
    """A payload as large and as nested as GitHub's `issues` events are."""
    label = {"id": 1, "node_id": "LA_kwDOAA", "name": "bug", "color": "d73a4a", "default": True, "description": "…"}
    payload: dict[str, Any] = {"action": "labeled", "issue": {"number": 1, "title": "x", "labels": []}}
    while len(json.dumps(payload)) < BODY_BYTES:
        payload["issue"]["labels"].append(label | {"url": "https://api.github.com/repos/acme/widgets/labels/bug"})
    return json.dumps(payload).encode()


@contextlib.asynccontextmanager
async def _receiver(folder: Path, secret: str) -> AsyncIterator[int]:
    port = _free_port()
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
    port = _free_port()
    environ = {**os.environ, "BARE_SECRET": secret, "BARE_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(sys.executable, str(Path(bare.__file__)), env=environ)
    try:
        await _listens(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _listens(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.02)


def _table(found: dict[str, Any]) -> str:
    lines = [f"{'':<10}{'per second':>12}{'p50 ms':>10}{'p99 ms':>10}"]
    for name, server in found["servers"].items():
        lines.append(f"{name:<10}{server['per_second']:>12.0f}{server['p50_ms']:>10.1f}{server['p99_ms']:>10.1f}")
    size = f"{found['connections']} connections, {found['body_bytes']} bytes each, every delivery committed"
    lines.append(f"ratio {found['ratio']:.2f} (goal {found['goal']}, floor {found['floor']}); {size}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
