"""What the repository's own checks say of a commit: check runs of other Apps, and commit statuses, as one list.

Our own check runs are not among them: they would wait for themselves.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from core.github import CheckRun, CheckStatus, CommitStatus
from core.names import Value

GREEN = frozenset({"success", "neutral", "skipped"})
"""Conclusions that GitHub lets a required check have. https://docs.github.com/en/rest/checks/runs"""


SIGN_OFF = frozenset({"dco", "dco-check", "signed-off-by"})
"""What checks are called, in small letters, that ask for a sign-off of each commit. https://github.com/dcoapp/app"""


class Standing(StrEnum):
    pending = "pending"
    green = "green"
    red = "red"


class Told(Value):
    """One check, as its service reported it last. Name and address are the words of others."""

    name: str
    url: str
    standing: Standing


def told(runs: Iterable[CheckRun], statuses: Iterable[CommitStatus], *, ours: int) -> tuple[Told, ...]:
    """The newest report of each check, in the order of their names. `ours` is the id of our App.

    A check run that was run again counts as it is now; two Apps may use one name. Statuses come newest first.
    """
    newest: dict[tuple[int, str], CheckRun] = {}
    for run in sorted(runs, key=lambda run: run.id):
        if run.app_id != ours:
            newest[run.app_id, run.name] = run
    contexts: dict[str, CommitStatus] = {}
    for status in statuses:
        contexts.setdefault(status.context, status)
    found = [Told(name=run.name, url=run.url, standing=_of_run(run)) for run in newest.values()]
    found += [Told(name=one.context, url=one.url, standing=_of_status(one)) for one in contexts.values()]
    return tuple(sorted(found, key=lambda one: (one.name, one.url)))


def named(checks: Sequence[Told], names: Sequence[str]) -> tuple[Told, ...]:
    """The checks with these names, all checks where there are none; one that nobody reported yet is pending."""
    if not names:
        return tuple(checks)
    missing = [name for name in names if all(one.name != name for one in checks)]
    there = [one for one in checks if one.name in names]
    return (*there, *(Told(name=name, url="", standing=Standing.pending) for name in missing))


def newly_red(red: Iterable[Told], on_base: Iterable[Told]) -> list[Told]:
    """The red checks without those whose name is red on the base too: nothing that the change did."""
    before = {one.name for one in on_base if one.standing is Standing.red}
    return [one for one in red if one.name not in before]


def asks_for_sign_off(red: Iterable[Told]) -> bool:
    """Whether these checks ask for nothing but a sign-off, which stands in a message and in no file."""
    return all(one.name.strip().lower() in SIGN_OFF for one in red)


def standing(checks: Iterable[Told]) -> Standing | None:
    """Pending while one is, else red where one is; None where there are none."""
    found = {one.standing for one in checks}
    return next((which for which in (Standing.pending, Standing.red, Standing.green) if which in found), None)


def _of_run(run: CheckRun) -> Standing:
    if run.status is not CheckStatus.completed:
        return Standing.pending
    return Standing.green if run.conclusion in GREEN else Standing.red


def _of_status(status: CommitStatus) -> Standing:
    return {"pending": Standing.pending, "success": Standing.green}.get(status.state, Standing.red)
