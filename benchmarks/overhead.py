"""How much of the time from a label to the pull request is ours: the demo's story, less model, commands and people.

The baseline stands in the same run: the story's own model, commands and people. What is left is orchestration.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Worker

from bot.demo.model import Script
from bot.demo.spans import Span
from bot.demo.story import SAMPLE, Plot, play
from bot.up import Service

GOAL_SECONDS = 2.0


def main() -> None:
    """Play the story a few times, and print the medians as a table or one JSON document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    chosen = parser.parse_args()
    found = measure(chosen.rounds)
    print(json.dumps(found, indent=2) if chosen.json else _table(found))


def measure(rounds: int) -> dict[str, Any]:
    """The medians of every span, in seconds, and of our own time in all."""
    stories = [_story() for _ in range(rounds)]
    spans = [_median([story[place] for story in stories]) for place in range(len(stories[0]))]
    own = [sum(span.own_seconds for span in story) for story in stories]
    return {
        "rounds": rounds,
        "goal_seconds": GOAL_SECONDS,
        "own_seconds": round(statistics.median(own), 3),
        "spans": [{**_numbers(span), "name": span.name, "own_seconds": round(span.own_seconds, 3)} for span in spans],
    }


def _story() -> list[Span]:
    script = Script.parse((SAMPLE / "script.yml").read_text())
    plot = Plot(SAMPLE / "repository", (SAMPLE / "issue.md").read_text(), script, ready=_warm)
    with tempfile.TemporaryDirectory() as folder:
        ending = asyncio.run(play(plot, Path(folder), lambda *_: None, lambda *_: None))
    if not ending.merged:
        raise SystemExit(f"The story failed: {ending.why}")
    return ending.spans


async def _warm(service: Service) -> None:
    """Wait until every worker listens: a service that runs has imported everything long ago."""
    redis = Redis.from_url(service.settings.doorbell_url)
    wanted = sum(keeper.child.name.startswith("worker") for keeper in service.children)
    while await asyncio.to_thread(Worker.count, redis) < wanted:  # noqa: ASYNC110  # Redis tells nobody of a new worker
        await asyncio.sleep(0.1)
    redis.close()


def _median(spans: Sequence[Span]) -> Span:
    names = _numbers(spans[0])
    return Span(spans[0].name, **{name: statistics.median(_numbers(span)[name] for span in spans) for name in names})


def _numbers(span: Span) -> Mapping[str, float]:
    return {
        "seconds": span.seconds,
        "model_seconds": span.model_seconds,
        "command_seconds": span.command_seconds,
        "people_seconds": span.people_seconds,
    }


def _table(found: Mapping[str, Any]) -> str:
    lines = [f"{'from label to pull request':<28}{'all':>8}{'model':>8}{'commands':>10}{'people':>8}{'ours':>8}"]
    lines += [
        f"{span['name']:<28}{span['seconds']:>8.2f}{span['model_seconds']:>8.2f}{span['command_seconds']:>10.2f}"
        f"{span['people_seconds']:>8.2f}{span['own_seconds']:>8.2f}"
        for span in found["spans"]
    ]
    lines.append(f"ours in all: {found['own_seconds']:.2f} s (goal: at most {found['goal_seconds']:.0f} s)")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
