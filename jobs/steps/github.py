"""GitHub: what a workflow wants done to its subject. Each part is an effect of its own, so a crash repeats none.

The comment is the workflow's words with values from anywhere in them: nothing in it can act, neither mention anybody
nor command a bot. Labels and people stand in the file as they are; no value ever chooses them.
"""

from typing import Any

from core.effects import AddLabels, Assign, CloseIssue, RemoveLabel
from core.expressions import as_text, expand
from core.github import CloseReason
from core.names import SubjectKind
from core.workflow import Change, Step
from handlers.neutralise import whole
from handlers.replies.words import plural
from jobs import handed
from jobs.outcomes import Done, Outcome
from jobs.steps import review
from jobs.work import Work


async def perform(step: Step, change: Change, work: Work) -> Outcome:
    """Done with what was done: the comment and the review, labels put on and off, who is assigned, how it was closed.

    The end comes last, so that what is said and labelled is there when people are told of it.
    """
    number, name = work.number, f"github:{step.id}"
    output: dict[str, Any] = {
        "comment": await _say(f"{name}:comment", change, work),
        "review": await review.post(step.id, f"{name}:review", work) if change.review is not None else None,
        "labels": list(change.label),
        "unlabelled": list(change.unlabel),
        "assigned": [],
        "closed": None,
    }
    if change.label:
        await work.do(f"{name}:label", AddLabels(number=number, labels=change.label))
    for index, label in enumerate(change.unlabel):
        await work.do(f"{name}:unlabel:{index}", RemoveLabel(number=number, label=label))
    if change.assign:
        done = await work.do(f"{name}:assign", Assign(number=number, logins=change.assign))
        output["assigned"] = done["assigned"]
    if change.close is not None:
        reason = CloseReason(change.close) if work.run.subject.kind is SubjectKind.issue else None
        done = await work.do(f"{name}:close", CloseIssue(number=number, reason=reason))
        output["closed"] = change.close if done["closed"] else None
    return Done(output, _why(change, output))


async def _say(name: str, change: Change, work: Work) -> int | None:
    """The id of the comment; None where there is none, or nothing is left to be said in it."""
    if change.comment is None:
        return None
    words = as_text(expand(change.comment, await handed.values(work)))
    # Secrets go first: what makes words harmless may also change a secret so that nobody knows it any more.
    body = whole(work.services.redactor.text(words))
    return (await work.say(name, body))["comment_id"] if body else None


def _why(change: Change, output: dict[str, Any]) -> str:
    """What was done, and what GitHub let pass without doing it."""
    said = ["commented"] if output["comment"] is not None else []
    if output["review"] is not None:
        said.append(f"reviewed, with {plural(output['review']['comments'], 'comment')} on lines")
    said += [f"labelled {', '.join(change.label)}"] if change.label else []
    said += [f"took off {', '.join(change.unlabel)}"] if change.unlabel else []
    said += [f"assigned {', '.join(output['assigned'])}"] if output["assigned"] else []
    said += [f"{login} cannot be assigned" for login in change.assign if login not in output["assigned"]]
    if change.close is not None:
        said.append("closed it" if output["closed"] else "left it open, as a person opened it again")
    return "; ".join(said) or "nothing to say"
