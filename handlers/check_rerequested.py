"""Somebody asks for one of our checks again: it is evaluated anew from what is so now.

The run of the check looks itself, where it waits; what its tests and its reviewer said of this very content stays, and
is shown again. Our own files of a commit are read again.
"""

from dataclasses import replace

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, ShowCheck, Signal
from core.names import run_of_check
from core.runs import SignalKind
from handlers import configuration
from handlers.authors import ignored
from handlers.events import CheckRerequested

EVENT = CheckRerequested


def needs(event: CheckRerequested) -> FactQuery | Ignore:
    if event.name == configuration.NAME:
        return FactQuery(config=configuration.again(event.head_sha, event.branch))
    run = run_of_check(event.external_id)
    return FactQuery(run=run) if run is not None else Ignore("not a check of a run, nor of our own files")


def plan(event: CheckRerequested, facts: Facts) -> list[Intent]:
    if event.app_id != facts.app.id:
        return [Ignore("not a check of ours")]
    if why := ignored(event.sender, facts.app):
        return [why]
    if event.name == configuration.NAME:
        judged = [one for one in configuration.judged(event.repo, facts) if isinstance(one, ShowCheck)]
        again = [replace(one, key=f"{one.key}:{event.delivery}") for one in judged]
        return [*again] or [Ignore("no file of ours is there")]
    run = facts.active
    if run is None or run.waiting is None:
        return [Ignore("the run of this check does not wait: its checks say what they came to")]
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.look_again,
            key=f"check:{event.check_id}:again:{event.delivery}",
            actor=event.sender.login,
            text=event.name.rpartition("/")[2],
        )
    ]
