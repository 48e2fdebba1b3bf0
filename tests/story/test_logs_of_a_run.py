"""The log of a real service: every line is JSON, says what it is about, and holds nothing that must not be there."""

import asyncio
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from story_secrets import STRANGE, open_guarded, printing
from story_sources import AT_ONCE, ONE_FILE, script, source
from story_world import free_port

from adapters.settings import load
from bot.demo.model import Script
from bot.demo.town import open_town
from bot.up import supervise


def _lines(text: str) -> list[dict[str, Any]]:
    assert text.isascii()
    return [json.loads(line) for line in text.splitlines()]


def _is_of_a_step(line: dict[str, Any]) -> bool:
    return line["event"].startswith("step.")


def _about(line: dict[str, Any]) -> str:
    """What a line lacks to be found again, as a sentence; empty where it lacks nothing."""
    if "delivery" in line or "effect" in line:
        return ""
    lacks = [name for name in ("run", "repo", "epoch") if name not in line]
    if _is_of_a_step(line) and "step" not in line:
        lacks.append("step")
    return f"{line['event']} lacks {', '.join(lacks)}" if lacks else ""


async def test_every_line_of_a_job_says_what_it_is_about(tmp_path: Path) -> None:
    async with open_guarded(tmp_path, files=printing(), sections={"change": ONE_FILE}) as (world, stream):
        world.town.repository.refuse_pushes = "Not today."
        await world.ask("A line\x1b[2J\u202e with \x07 characters.\x00")
        await world.settle_in_time()
        run = await world.run()
        lines = [line for line in _lines(stream.getvalue()) if line["logger"].startswith("jobs.")]
        assert {line["process"] for line in lines} == {"test"}
        assert [said for line in lines if (said := _about(line))] == []
        events = {line["event"] for line in lines}
        assert {"delivery.routed", "step.finished", "step.failed", "run.failed", "run.ended"} <= events
        (failed,) = [line for line in lines if line["event"] == "step.failed"]
        assert {name: failed[name] for name in ("run", "repo", "step", "epoch", "code")} == {
            "run": run.id,
            "repo": "acme/slugs",
            "step": "ship",
            "epoch": run.epoch,
            "code": "push-refused",
        }


@pytest.mark.slow
async def test_what_the_real_service_prints_is_json_about_something_and_without_a_secret(tmp_path: Path) -> None:
    port = free_port()
    town = open_town(
        tmp_path,
        source(tmp_path, printing()),
        webhook_port=port,
        script=Script.parse(script(change=ONE_FILE)),
        policy=AT_ONCE,
    )
    with tempfile.TemporaryFile() as output:
        async with town as place, supervise(place.environ, workers=1, output=output):
            issue = await place.requester.open_issue("Add a constant", "Called X.\x1b[2J")
            await place.requester.label(issue.number, "pullwright:implement")

            def ready() -> bool:
                pulls = [one.pull for one in place.github.world.pulls(place.repository)]
                return bool(pulls) and pulls[0] is not None and not pulls[0].draft

            await _until(ready)
            secrets = {*load(place.environ).secrets(), *place.github.world.tokens, *STRANGE}
            secrets |= {line for line in place.environ["PULLWRIGHT_PRIVATE_KEY"].splitlines() if "-----" not in line}
        output.seek(0)
        text = output.read().decode()
    lines = _lines(text)
    assert [secret for secret in secrets if secret in text] == []
    assert {"web", "clock", "worker intake", "worker runs"} <= {line["process"] for line in lines}
    of_jobs = [line for line in lines if line["logger"] in {"jobs.engine", "jobs.intake", "jobs.work", "jobs.endings"}]
    assert len(of_jobs) > 10
    assert [said for line in of_jobs if (said := _about(line))] == []
    assert {"delivery.routed", "step.finished"} <= {line["event"] for line in of_jobs}


async def _until(holds: Callable[[], bool], seconds: float = 90) -> None:
    """Wait for what other processes do."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  # what other processes do has no event here
            await asyncio.sleep(0.05)
