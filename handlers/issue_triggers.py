"""An issue is opened or labelled: workflows that listen to that start, in the name of whoever did it.

Labels of the bot's own (`pullwright:…`) are not heard here: they start what they name.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from core.facts import Facts
from core.github import Issue
from core.intents import Ignore, Intent
from core.names import Subject, SubjectKind
from core.workflow import Listen
from core.workflow.triggers import Issues
from handlers.asked.starting import as_it_stood
from handlers.authors import unheard
from handlers.events import IssueLabeled, IssueOpened
from handlers.triggered import NOT_LISTENED, Occasion, started
from policies.globs import naming

REDELIVERED = timedelta(days=4)
"""GitHub sends an event again for three days. Who tells later of an opening is not GitHub."""


def opened(event: IssueOpened, facts: Facts) -> list[Intent]:
    """What the opening of an issue starts."""
    issue = facts.issue
    if facts.policy is None or issue is None:
        return [NOT_LISTENED]
    if issue.author.login.casefold() != event.sender.login.casefold():
        return [Ignore("somebody else opened the issue")]
    if facts.told_at - issue.created_at > REDELIVERED:
        return [Ignore("the issue was opened long ago")]
    if why := unheard(issue.author, facts):
        return [why]

    def hears(_: str, on: Listen) -> bool:
        return _passes(on.issues, "opened", issue, issue.labels)

    key = f"issue:{event.repo.id}:{event.number}:opened"
    return _started(event, key, issue.author.login, issue.created_at, facts, hears)


def labelled(event: IssueLabeled, facts: Facts) -> list[Intent]:
    """What a label that is not the bot's own starts. Who gave it, GitHub's timeline says."""
    issue, labelling = facts.issue, facts.labelling
    if facts.workflows is None or not facts.workflows.listening("issues") or issue is None:
        return [Ignore(f"no workflow listens to the label {event.label!r}")]
    if labelling is None:
        return [Ignore(f"the issue does not carry the label {event.label!r} any more")]
    if why := unheard(labelling.actor, facts):
        return [why]

    def hears(_: str, on: Listen) -> bool:
        return _passes(on.issues, "labeled", issue, (labelling.label,))

    key = f"issue:{event.repo.id}:{event.number}:labeled:{labelling.id}"
    return _started(event, key, labelling.actor.login, labelling.created_at, facts, hears)


def _passes(listens: Issues | None, type_: str, issue: Issue, labels: tuple[str, ...]) -> bool:
    if listens is None or type_ not in listens.types:
        return False
    if listens.authors and not naming([issue.author.login], listens.authors):
        return False
    return not listens.labels or bool(naming(labels, listens.labels))


def _started(
    event: IssueOpened | IssueLabeled,
    key: str,
    person: str,
    at: datetime,
    facts: Facts,
    hears: Callable[[str, Listen], bool],
) -> list[Intent]:
    if facts.issue is None or not facts.issue.open:
        return [Ignore("the issue is closed")]
    occasion = Occasion(
        on="issues",
        key=key,
        source=f"event of #{event.number}",
        subject=Subject(kind=SubjectKind.issue, number=event.number),
        snapshot=as_it_stood(facts, event.title, event.body, at),
        person=person,
    )
    return started(occasion, facts, hears)
