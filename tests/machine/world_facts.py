"""Everything that the promises are judged by, read at one moment from GitHub's records, the store and the disk."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from post_office import PostOffice
from story_world import World
from town_ledger import Ledger, Merged, Pushed, Touched

from adapters.store import deliveries, events, runs, tables
from adapters.store.deliveries import Receipt
from adapters.store.events import Head
from bot.demo.github.records import CheckRun, Delivery, Issue
from core.names import RunId
from core.runs import EffectState, Event, Run

MARKER = re.compile(r"<!-- pullwright ([0-9a-f]{32}) -->")


@dataclass(frozen=True)
class Said:
    """A comment or a review that our App wrote and that is still there."""

    number: int
    id: int
    body: str

    @property
    def marker(self) -> str | None:
        found = MARKER.findall(self.body)
        return found[-1] if found else None


@dataclass(frozen=True, repr=False)
class Facts:
    accepted: frozenset[str]
    """GUIDs that the service answered 202 to."""
    received: tuple[Receipt, ...]
    runs: tuple[Run, ...]
    parts: tuple[Run, ...]
    """Runs that do parts of others."""
    journals: Mapping[RunId, tuple[Sequence[Event], Head | None]]
    effects: Mapping[str, EffectState]
    """Every effect in the outbox, by key."""
    loose: frozenset[str]
    """The keys of those that belong to no lease."""
    said: tuple[Said, ...]
    issues: tuple[Issue, ...]
    checks: tuple[CheckRun, ...]
    told: tuple[Delivery, ...]
    """GitHub's delivery log."""
    pushes: tuple[Pushed, ...]
    merges: tuple[Merged, ...]
    once_wrote: frozenset[str]
    touched: tuple[Touched, ...]
    places: Mapping[str, bytes]
    """Where no secret may stand, by name."""
    secrets: Mapping[str, str]


async def gather(world: World, office: PostOffice, ledger: Ledger, logs: str, *, deep: bool) -> Facts:
    """The facts of now. Only where asked, `deep`, are the places searched where no secret may be."""
    github, repository = world.town.github.world, world.town.repository
    async with world.services.store.read() as db:
        all_ = await runs.recent(db, 1000, parts=True)
        received = await deliveries.list_(db, 100_000)
        journals = {run.id: (await events.of_run(db, run.id), await events.head(db, run.id)) for run in all_}
        t = tables.effects.c
        rows = (await db.execute(sa.select(t.key, t.state, t.run_id))).all()
    issues = tuple(repository.issues.values())
    said = tuple(
        Said(issue.number, comment.id, comment.body)
        for issue in issues
        for comment in issue.comments
        if comment.app is world.town.app
    ) + tuple(
        Said(issue.number, review.id, review.body)
        for issue in issues
        for review in (issue.pull.reviews if issue.pull else ())
        if review.app is world.town.app
    )
    checks = tuple(check for check in github.check_runs(repository) if check.suite.app is world.town.app)
    return Facts(
        accepted=frozenset(office.accepted),
        received=tuple(received),
        runs=tuple(run for run in all_ if run.part is None),
        parts=tuple(run for run in all_ if run.part is not None),
        journals=journals,
        effects={row.key: EffectState(row.state) for row in rows},
        loose=frozenset(row.key for row in rows if row.run_id is None),
        said=said,
        issues=issues,
        checks=checks,
        told=tuple(world.town.github.webhooks.log),
        pushes=tuple(ledger.pushes),
        merges=tuple(ledger.merges),
        once_wrote=frozenset(ledger.once_wrote),
        touched=tuple(ledger.touched.values()),
        places=_places(world, said, issues, checks, journals, logs) if deep else {},
        secrets=_secrets(world),
    )


def _places(
    world: World,
    said: Sequence[Said],
    issues: Sequence[Issue],
    checks: Sequence[CheckRun],
    journals: Mapping[RunId, tuple[Sequence[Event], Head | None]],
    logs: str,
) -> dict[str, bytes]:
    places = {f"comment {one.id}": one.body.encode() for one in said}
    places |= {f"text of #{issue.number}": (issue.body or "").encode() for issue in issues if issue.app}
    places |= {f"check {check.id}": str(check.output).encode() for check in checks}
    places |= {f"journal of {run}": str(journal).encode() for run, (journal, _) in journals.items()}
    places["the log"] = logs.encode()
    if world.town.model is not None:
        places |= {f"model: {name}": str(one).encode() for name, one in world.town.model.conversations.items()}
    return places | _files(world.services.settings.data_dir)


def _secrets(world: World) -> dict[str, str]:
    """Every credential of the town, by name; of the key the middle, which is in it however it is written down."""
    environ, github = world.town.environ, world.town.github.world
    key = "".join(environ["PULLWRIGHT_PRIVATE_KEY"].splitlines()[1:-1])
    found = {
        "the webhook secret": environ["PULLWRIGHT_WEBHOOK_SECRET"],
        "the model's key": environ["PULLWRIGHT_MODEL_API_KEY"],
        "the private key": key[64 * 4 : 64 * 5],
    }
    return found | {f"installation token {n}": value for n, value in enumerate(github.tokens)}


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
