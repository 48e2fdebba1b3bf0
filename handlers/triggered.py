"""Work that nobody asked for by name: what an event may start, and in whose name.

An event of people starts what its actor may start by policy: who that is, and the role, GitHub says. Events of
strangers spend no money and are not answered. What is about the whole repository (a push, a failing check, a call, a
time) starts what the default branch says, in the bot's own name where no person stands behind it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import PolicyInvalid
from core.facts import App, Facts
from core.intents import Ignore, Intent, StartRun
from core.names import Role, Sha, Subject, SubjectKind
from core.runs import Snapshot
from core.workflow import Listen, Workflow
from handlers import replies
from handlers.asked.giving import Wrong, taken
from handlers.rules import policy_of, unreadable
from handlers.starts import may_begin, strange_head, tripped

OWN_BRANCHES = "pullwright/"
NOT_LISTENED = Ignore("no workflow listens to this")
WHOLE = Subject(kind=SubjectKind.repository, number=0)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that happened, as far as it may start a run."""

    on: str
    """The key of `on:` that hears it."""
    key: str
    """Semantic: the same thing, told twice, has the same key."""
    source: str
    """In words, for the journal."""
    subject: Subject
    snapshot: Snapshot
    person: str | None
    """In whose name. Their role must allow it; None: nobody stands behind it, and the bot does it in its own."""
    base: tuple[str, Sha] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    """What it has for inputs of the same names."""


def started(occasion: Occasion, facts: Facts, hears: Callable[[str, Listen], bool]) -> list[Intent]:
    """A start for every workflow that hears it, once per workflow and key; else why there is none, said to nobody.

    `hears` looks at a workflow's name and filters.
    """
    known = facts.workflows.listening(occasion.on) if facts.workflows is not None else ()
    names = [name for name, on in known if hears(name, on)]
    if not names:
        return [NOT_LISTENED]
    if facts.repository.archived:
        return [Ignore("the repository is archived")]
    return [intent for name in names for intent in begun(name, occasion, facts)]


def begun(name: str, occasion: Occasion, facts: Facts) -> list[Intent]:
    """A start of this workflow, or why there is none, with the alarm that this may be."""
    entry = facts.workflows.get(name) if facts.workflows is not None else None
    if entry is None or entry.workflow is None:
        return [Ignore(f"`{name}` is gone")]
    if no := _may_not(name, occasion, facts):
        return no
    inputs = taken(entry.workflow, occasion.values)
    if isinstance(inputs, Wrong):
        return [Ignore(f"`{name}` takes something else: {'; '.join(inputs.mistakes)}")]
    start = StartRun(
        workflow=name,
        subject=occasion.subject,
        key=f"{occasion.key}:{name}",
        requester=occasion.person or facts.app.login,
        source=occasion.source,
        snapshot=occasion.snapshot,
        inputs=inputs,
        base=occasion.base,
    )
    return [start]


def _may_not(name: str, occasion: Occasion, facts: Facts) -> list[Intent]:
    """Why it is not started in this person's name, or in ours; nothing where it may be."""
    person = occasion.person
    try:
        policy = policy_of(facts)
    except PolicyInvalid as error:
        return [Ignore(f"the policy cannot be read: {error}"), unreadable(error, facts)]
    title = facts.issue.title if facts.issue is not None else ""
    role = (facts.role if person is not None else None) or Role.none
    verdict = may_begin(policy, facts, person=person, role=role, workflow=name, title=title, at=facts.told_at)
    if verdict is not None and not verdict.approved:
        alarm = tripped(policy, facts, verdict, about=occasion.subject.number, at=facts.told_at)
        return [Ignore(verdict.why), *alarm]
    if facts.pull is not None and (who := strange_head(policy, facts)) is not None:
        return [Ignore(replies.strange_head_unasked(facts.pull, who))]
    return []


def about_the_repository(title: str, facts: Facts) -> Snapshot:
    """What a run without an issue is told it is about. The words are ours."""
    login = facts.app.login
    return Snapshot(title=title, body="", author=login, author_association="OWNER", taken_at=facts.told_at)


def ours(login: str, app: App) -> bool:
    return login.casefold() == app.login.casefold()


def needs_thread(workflow: Workflow) -> bool:
    """Whether one of its steps speaks in the thread of an issue."""
    return any(
        step.ask is not None or step.github is not None or (step.gate is not None and step.gate.binds == "plan")
        for step in workflow.every_step
    )
