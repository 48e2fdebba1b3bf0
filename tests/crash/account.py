"""The account of a story: everything that people see, that is stored and that is paid for, without what differs by
chance: ids, times, and how long a command took."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from crash_service import Mortal, Told
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import events, tables
from bot.demo.github import git
from core.runs import Event

_CHANCE = (
    (re.compile(r"\$\d+\.\d+"), "MONEY"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "HEX"),
    (re.compile(r"\b\d{4,}\b"), "ID"),
)
"""Prices (how long a command took is part of what a model reads), digests and commits, and ids."""

OF_A_PRICE = Decimal("0.02")
"""How much cheaper or dearer the same replies may be."""


@dataclass(frozen=True)
class Account:
    ended: tuple[str, str, str]
    tree: str
    """Of the default branch at the end."""
    comments: Mapping[str, int]
    reactions: Mapping[str, int]
    branches: Mapping[str, int]
    pulls: Mapping[str, int]
    checks: Mapping[str, int]
    """By external id and head, with their conclusion."""
    effects: Mapping[str, int]
    """Key, kind and state."""
    steps: Mapping[str, int]
    replies: Mapping[str, int]
    """What was paid for, by step: in the journal."""
    costs: Mapping[str, int]
    """The same, as the budget counts it."""
    commands: int
    """How often a check was recorded as run."""
    asked: Mapping[str, int]
    """Requests to the model, by step."""
    cost_usd: Decimal
    journal: int | None
    """The first entry that is not what was written there."""


async def account(mortal: Mortal, told: Told) -> Account:
    run, repository, world = told.run, told.repository, mortal.town.github.world
    model = mortal.town.model
    assert model is not None

    def usual(words: Iterable[str]) -> Counter[str]:
        return Counter(_usual(word, run.id, repository.name) for word in words)

    async with mortal.store.read() as db:
        journal = await events.of_run(db, run.id)
        broken = events.verify(journal, await events.head(db, run.id))
        effects = [row for row in await _rows(db, tables.effects) if row["repo"]["id"] == repository.id]
        steps = [row for row in await _rows(db, tables.steps) if row["run_id"] == run.id]
        costs = [row for row in await _rows(db, tables.costs) if row["run_id"] == run.id]
    bot = f"{mortal.town.app.slug}[bot]"
    pulls = [(issue.title, issue.pull) for issue in repository.pulls if issue.pull is not None]
    return Account(
        ended=(run.state.value, run.ended_code or "", run.ended_why or ""),
        tree=await git.text(repository.path, "rev-parse", "refs/heads/main^{tree}"),
        comments=usual(one.body for one in world.comments_by(repository, bot)),
        reactions=usual(
            f"{one.content} of {one.user.login} on #{issue.number}{where}"
            for issue in repository.issues.values()
            for where, found in [("", issue.reactions), *((" (comment)", c.reactions) for c in issue.comments)]
            for one in found
        ),
        branches=usual(await world.branches(repository)),
        pulls=usual(f"{title}, draft: {pull.draft}, merged: {pull.merged_at is not None}" for title, pull in pulls),
        checks=usual(
            f"{check.external_id} on {check.head_sha}: {check.conclusion}" for check in world.check_runs(repository)
        ),
        effects=usual(f"{row['key']} {row['act']['kind']} {row['state'].value}" for row in effects),
        steps=usual(f"{row['key']} {row['state'].value}" for row in steps),
        replies=Counter(str(event.facts["step"]) for event in _named(journal, "model.replied")),
        costs=Counter(row["step_key"] for row in costs),
        commands=len(_named(journal, "check.ran")),
        asked=Counter(step for purpose in model.requests for of, _, step in [purpose.partition("/")] if of == run.id),
        cost_usd=sum((row["cost_usd"] or Decimal(0) for row in costs), Decimal(0)),
        journal=broken,
    )


def differences(found: Account, usual: Account, *, asked_again: int, run_again: int) -> list[str]:
    """How this story differs from the undisturbed one, in words; nothing but for at most so many requests to the
    model, and so many checks, whose outcome died with the worker that got it."""
    wrong = []
    for name in (field.name for field in fields(Account)):
        got, expected = getattr(found, name), getattr(usual, name)
        if name == "cost_usd":
            # How long a command took is part of what the model reads, and of what it costs.
            fits = abs(got - expected) <= expected * OF_A_PRICE
        elif name == "asked":
            fits = not Counter(expected) - Counter(got) and (Counter(got) - Counter(expected)).total() <= asked_again
        elif name == "commands":
            fits = expected <= got <= expected + run_again
        else:
            fits = got == expected
        if not fits:
            wrong.append(f"{name}: {_told_apart(got, expected)}")
    return wrong


def _told_apart(got: Any, expected: Any) -> str:
    if isinstance(got, Counter) and isinstance(expected, Counter):
        return f"too many {dict(got - expected)}, missing {dict(expected - got)}"
    return f"{got!r} instead of {expected!r}"


async def _rows(db: AsyncConnection, table: sa.Table) -> Sequence[sa.RowMapping]:
    return (await db.execute(sa.select(table))).mappings().all()


def _named(journal: Iterable[Event], name: str) -> list[Event]:
    return [event for event in journal if event.name == name]


def _usual(words: str, run: str, repository: str) -> str:
    words = words.replace(run, "RUN").replace(repository, "REPOSITORY")
    for chance, name in _CHANCE:
        words = chance.sub(name, words)
    return words
