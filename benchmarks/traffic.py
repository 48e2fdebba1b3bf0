"""What a run asks of others, counted and not timed: requests to GitHub, and durable commits, for the demo's story.

The figures hardly depend on the machine (a few requests, by which deliveries arrive together), so a change of one is a
change of what a run costs.
"""

import contextlib
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import make_url

from benchmarks.commits import CommitCount
from benchmarks.figures import Figure, Report
from benchmarks.story import played
from bot.demo.github.records import SeenRequest
from bot.demo.town import Town
from bot.up import Service

QUIET_CLOCK = {"PULLWRIGHT_CLOCK_SECONDS": "60"}
"""The clock's own rounds are no part of a run."""


async def measure() -> Report:
    """From the label to the merge, with both people's part in it."""
    requests: list[SeenRequest] = []
    counts: list[CommitCount] = []
    commits: list[int] = []
    with contextlib.ExitStack() as counting:

        async def begin(service: Service) -> None:
            database = make_url(service.settings.database_url).database or ""
            counts.append(counting.enter_context(CommitCount(database)))

        def end(town: Town, _: Service) -> None:
            requests.extend(town.github.world.requests)
            commits.append(counts[0].so_far())

        await played(before=begin, after=end, settings=QUIET_CLOCK)
    git = [one for one in requests if ".git/" in one.path]
    api = [one for one in requests if ".git/" not in one.path]
    writes = [one for one in api if one.method != "GET"]
    return Report(
        (
            Figure("GitHub API, reads of one story", len(api) - len(writes), "requests"),
            Figure("GitHub API, writes of one story", len(writes), "requests"),
            Figure("git over HTTP of one story", len(git), "requests"),
            Figure("database, one story", commits[0], "commits"),
        ),
        _most(api),
    )


def _most(requests: Sequence[SeenRequest]) -> str:
    counted = Counter(f"{one.method} {one.path}" for one in requests)
    return "\n".join(f"{count:>5}  {what}" for what, count in counted.most_common(12))
