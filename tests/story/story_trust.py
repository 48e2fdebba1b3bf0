"""The stages at which trust is decided: a plan waits, a change waits; and who says what then.

The scripts here do the least that a run needs, so that a test spends its time on people and not on the model.
"""

import json
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from story_world import World, open_world

from adapters.store import events, runs
from bot.demo.github.people import Person
from bot.demo.github.records import Actor, Comment, Delivery, Role
from bot.demo.github.webhooks import signatures
from core.runs import Run

OLD = 'return re.sub(r"[^a-z0-9]", "-", title.lower())'
NEW = 'return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")'
PATH = "slugs/text.py"
PLAN = {"summary": "Join words with single hyphens.", "steps": ["Match runs."], "files": [PATH], "estimate_usd": 0.05}
DONE = {"title": "join words with single hyphens", "kind": "fix", "summary": "Runs become one hyphen."}
QUICK: Mapping[str, Any] = {
    "plan": [{"submit": PLAN}],
    "change": [{"edit": {"path": PATH, "old": OLD, "new": NEW}}, {"submit": DONE}],
}
"""One turn for the plan, two for the change; triage, research and review say yes at once."""


@asynccontextmanager
async def quick_world(folder: Path, *, script: Mapping[str, Any] = QUICK, **town: Any) -> AsyncIterator[World]:
    """A world with the quick script. At its end, whatever was told in it: every journal holds, and the service asked
    GitHub for nothing that there is not."""
    async with open_world(folder, script=yaml.safe_dump(dict(script), sort_keys=False), **town) as world:
        yield world
        async with world.services.store.read() as db:
            for run in await runs.recent(db, 100):
                assert events.verify(await events.of_run(db, run.id), await events.head(db, run.id)) is None
        assert world.town.github.world.unknown_requests == []


async def plan_waits(world: World) -> int:
    """An issue whose plan waits for an approval; its number."""
    issue = await world.ask()
    await world.settle()
    await _waits(world)
    return issue


async def change_waits(world: World) -> int:
    """An issue whose plan, if it waited, was approved by ada, and whose change waits now; its number."""
    issue = await world.ask()
    await world.settle()
    if (await world.run()).pull_number is None:
        await world.approver.comment(issue, f"/approve {await world.digest()}")
        await world.settle()
    await _waits(world)
    assert not world.pull.draft
    return issue


def newcomer(world: World, login: str, role: Role = "none") -> Person:
    """Somebody new, with this role in the repository."""
    world.town.github.world.create_user(login)
    give(world, login, role)
    return world.town.person(login)


def give(world: World, login: str, role: Role) -> None:
    """Change somebody's role; `none` takes it away."""
    world.town.github.world.add_collaborator(world.town.repository, login, role)


def ourselves(world: World) -> Actor:
    """Our own App, writing as itself."""
    github = world.town.github.world
    token = next(token for token in github.tokens.values() if token.installation.app is world.town.app)
    return Actor(world.town.app.bot, world.town.app, token)


def posted(world: World, number: int, beginning: str) -> Comment:
    """The one comment of the bot that begins so."""
    (found,) = [comment for comment in world.comments(number) if comment.body.startswith(beginning)]
    return found


def nothing_merged(world: World) -> bool:
    return world.town.github.world.merges(world.town.repository) == []


async def all_runs(world: World) -> list[Run]:
    """Every run there is, newest first."""
    async with world.services.store.read() as db:
        return await runs.recent(db, 100)


def told(world: World, event: str, action: str) -> Delivery:
    """The newest delivery of this event and action that GitHub sent."""
    found = [one for one in world.town.github.webhooks.log if (one.event, one.action) == (event, action)]
    return found[-1]


async def forge(world: World, event: str, payload: Mapping[str, Any]) -> None:
    """What somebody sends who knows the webhook secret: signed rightly, and stored like any other delivery."""
    hook, body = world.town.app.hook, json.dumps(payload).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-GitHub-Event": event,
        "X-GitHub-Hook-ID": str(hook.id),
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(hook.url, data=body, headers=headers | signatures(hook, body)) as answer,
    ):
        assert answer.status == 202


async def _waits(world: World) -> None:
    run = await world.run()
    assert run.state == "waiting", f"{run.state}: {run.ended_why}"
