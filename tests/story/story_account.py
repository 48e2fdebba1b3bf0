"""The account of a story: everything that people see, that is stored and that is paid for, without what differs by
chance: ids, times, and how long a command took."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import Store, events, runs, tables
from bot.demo.github import git
from bot.demo.github.records import Repository
from bot.demo.town import Town
from core.names import RunId
from core.runs import Run

_CHANCE = (
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b"), "MOMENT"),
    (re.compile(r"\$\d+\.\d+"), "MONEY"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "HEX"),
    (re.compile(r"\b\d{4,}\b"), "ID"),
    (re.compile(r"\b\d+\.\d+ s\b"), "SECONDS"),
)
"""Prices (how long a command took is part of what a model reads), digests and commits, ids, when it was and how long
it took."""

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
    """Of the run and of its parts: whose, key and state."""
    replies: Mapping[str, int]
    """What was paid for, by step: in the journal."""
    costs: Mapping[str, int]
    """The same, as the budget counts it."""
    commands: int
    """How often a check or a command of the workflow's own was recorded as run."""
    asked: Mapping[str, int]
    """Requests to the model, by step."""
    cost_usd: Decimal
    journals: Mapping[str, int]
    """The first entry that is not what was written there, by whose it is."""


async def account(town: Town, store: Store, repository: Repository, run: Run) -> Account:
    """The account of this run, the only one of its repository beside its own parts."""
    world, model, family = town.github.world, town.model, await family_of(store, repository)
    assert model is not None
    chance = {**family, **_words_of_people(repository), repository.name: "REPOSITORY"}

    def usual(words: Iterable[str]) -> Counter[str]:
        return Counter(_usual(word, chance) for word in words)

    def whose(run_id: str, what: str) -> str:
        return what if run_id == run.id else f"{family[run_id]} {what}"

    async with store.read() as db:
        journals = {one: await events.of_run(db, RunId(one)) for one in family}
        broken = {
            family[one]: bad
            for one, journal in journals.items()
            if (bad := events.verify(journal, await events.head(db, RunId(one)))) is not None
        }
        effects = [row for row in await _rows(db, tables.effects) if row["repo"]["id"] == repository.id]
        steps = [row for row in await _rows(db, tables.steps) if row["run_id"] in family]
        costs = [row for row in await _rows(db, tables.costs) if row["run_id"] in family]
    told_of = [(one, event) for one, journal in journals.items() for event in journal]
    asked = [(of, step) for purpose in model.requests for of, _, step in [purpose.partition("/")] if of in family]
    bot = f"{town.app.slug}[bot]"
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
            f"{check.external_id} on {check.head_sha}: {check.conclusion}"
            for check in world.check_runs(repository)
            if check.suite.app is town.app  # how often a repository's own CI reports is not ours
        ),
        effects=usual(f"{row['key']} {row['act']['kind']} {row['state'].value}" for row in effects),
        steps=usual(f"{whose(row['run_id'], row['key'])} {row['state'].value}" for row in steps),
        replies=Counter(whose(one, str(e.facts["step"])) for one, e in told_of if e.name == "model.replied"),
        costs=Counter(whose(row["run_id"], row["step_key"]) for row in costs),
        commands=sum(event.name in {"check.ran", "command.ran"} for _, event in told_of),
        asked=Counter(whose(of, step) for of, step in asked),
        cost_usd=sum((row["cost_usd"] or Decimal(0) for row in costs), Decimal(0)),
        journals=broken,
    )


def _words_of_people(repository: Repository) -> dict[str, str]:
    """Each comment by a person, by its id at GitHub: answers to commands are called after it."""
    by_people = [
        (f"#{issue.number}", comment)
        for issue in repository.issues.values()
        for comment in issue.comments
        if comment.author.type == "User"
    ]
    return {comment.node_id: f"COMMENT {place} on {of}" for place, (of, comment) in enumerate(by_people)}


async def family_of(store: Store, repository: Repository) -> dict[str, str]:
    """The run of this repository and all its parts: what each does, by id."""
    async with store.read() as db:
        found = [run for run in await runs.recent(db, 10_000, parts=True) if run.repo.id == repository.id]
    named = {
        run.id: "RUN" if run.part is None else f"PART {run.part.step}:{run.part.index}:{run.part.attempt}"
        for run in found
    }
    assert len(set(named.values())) == len(named), f"begun twice: {sorted(named.values())}"
    return named


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


def _usual(words: str, chance: Mapping[str, str]) -> str:
    for what, name in chance.items():
        words = words.replace(what, name)
    for pattern, name in _CHANCE:
        words = pattern.sub(name, words)
    return words
