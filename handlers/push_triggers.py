"""Somebody pushes to a branch: workflows that listen to pushes start at what was pushed, once per branch and commit.

Where the branch is, GitHub is asked; whoever could push there has write access. Our own pushes and branches start
nothing.
"""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent
from core.workflow import Listen
from handlers.automatic import Pushed
from handlers.triggered import NOT_LISTENED, OWN_BRANCHES, WHOLE, Occasion, about_the_repository, ours, started
from policies.globs import matching, naming


def asked(event: Pushed) -> FactQuery:
    if event.branch.startswith(OWN_BRANCHES):
        return FactQuery()
    return FactQuery(whole=True, listening="push", branch=(event.branch, event.after), policy=True, workflows=True)


def begun_by(event: Pushed, facts: Facts) -> list[Intent]:
    """What the push starts, or why nothing."""
    if ours(event.sender.login, facts.app) or event.branch.startswith(OWN_BRANCHES):
        return [Ignore("our own push")]
    if facts.policy is None:
        return [NOT_LISTENED]
    if facts.head != event.after:
        return [Ignore("the branch has moved on")]

    def hears(_: str, on: Listen) -> bool:
        push = on.push
        if push is None or (push.branches and not naming([event.branch], push.branches)):
            return False
        return not push.paths or event.paths is None or bool(matching(event.paths, push.paths))

    at = event.after[:12]
    occasion = Occasion(
        on="push",
        key=f"push:{event.repo.id}:{event.branch}:{event.after}",
        source=f"push of {at} to {event.branch}",
        subject=WHOLE,
        snapshot=about_the_repository(f"A push to {event.branch} ({at})", facts),
        person=None,
        base=(event.branch, event.after),
        values={"branch": event.branch, "sha": event.after},
    )
    return started(occasion, facts, hears)
