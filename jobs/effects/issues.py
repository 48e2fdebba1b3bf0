"""Labels, people and the end of an issue. A pull request is an issue too.

A label that is on and a person who is assigned stay so however often they are asked for, so there is nothing to find.
An issue that we closed may have been opened again: that a person did, and it is not undone.
"""

from typing import assert_never

from core.effects import AddLabels, Assign, CloseIssue, OpenIssue, RemoveLabel
from core.markers import carries, marked
from jobs.effects import Outside, Receipt
from jobs.effects.comments import SKEW, fitting


async def find_closed(act: CloseIssue, outside: Outside) -> Receipt | None:
    """The issue is closed, or we closed it and a person opened it again: then it stays open."""
    if not (await outside.github.issue(act.number)).open:
        return {"closed": True}
    closing = await outside.github.closing(act.number)
    if closing is not None and closing.by_us and closing.at >= outside.intended_at - SKEW:
        return {"closed": False}
    return None


async def find_opened(_: OpenIssue, outside: Outside) -> Receipt | None:
    """The issue with this effect's marker, if our App opened it: anybody can paste a marker."""
    for issue in await outside.github.issues_of_ours(outside.intended_at - SKEW):
        if carries(issue.body, outside.key):
            return {"issue": issue.number}
    return None


async def act(act: AddLabels | RemoveLabel | Assign | CloseIssue | OpenIssue, outside: Outside) -> Receipt:
    """What is so now; `assigned` are those whom GitHub let be assigned."""
    match act:
        case AddLabels(labels=labels):
            await outside.github.add_labels(act.number, labels)
            return {"labels": list(labels)}
        case RemoveLabel(label=label):
            await outside.github.remove_label(act.number, label)
            return {"unlabelled": label}
        case Assign(logins=logins):
            return {"assigned": list(await outside.github.assign(act.number, logins))}
        case CloseIssue(reason=reason):
            await outside.github.close(act.number, reason)
            return {"closed": True}
        case OpenIssue(title=title, body=body):
            opened = await outside.github.open_issue(title=title, body=marked(fitting(body), outside.key))
            return {"issue": opened.number}
        case _ as never:
            assert_never(never)
