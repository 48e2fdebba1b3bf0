"""The texts of the four check runs on the bot's pull requests."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.digests import short
from core.effects import Annotation
from core.github import Button
from core.names import Digest
from core.outputs import Finding, Opinion
from handlers.neutralise import code, fenced, line, quoted
from handlers.replies.pulls import EvidenceView, evidence_table
from handlers.replies.words import approve_how, block, plural
from policies.drift import FINDINGS, Follows
from policies.render import markdown
from policies.result import Place, Result, Status

TITLE_LIMIT = 255
EVIDENCE_LIMIT = 20_000
FOLDED_LIMIT_BYTES = 60_000
"""What is folded away stays below GitHub's 65,535 with its frame, so that a cut never leaves it open."""
MOST_ANNOTATIONS = 200
"""Findings that are shown at their place; a request to GitHub takes 50 of them."""

HOW_TO_APPROVE = Button(label="How to approve", description="Says what to comment; approves nothing", identifier="how")
REJECT = Button(label="Reject", description="Ends the run, if your role allows it", identifier="reject")
HOLD = Button(label="Hold", description="Stops work until somebody unholds it", identifier="hold")
"""Nothing but the event says who pressed a button, and GitHub cannot be asked again: so none of them approves."""


@dataclass(frozen=True, slots=True)
class CheckText:
    """What a check run says. GitHub takes 255 characters of title and 65,535 of each text.

    The summary is what everybody needs; the text is folded away, and opened by whoever wants to know more.
    """

    title: str
    summary: str
    text: str = ""
    buttons: tuple[Button, ...] = ()
    annotations: tuple[Annotation, ...] = ()


def check_tests(command: str, verdict: str, known: Sequence[str], evidence: EvidenceView, output: str) -> CheckText:
    """`pullwright/tests`: how the command ended on the head, and what the tests of the change show.

    `known` are tests that failed before the change and still do.
    """
    if known and verdict != "green":
        title = f"No new failure; {len(known)} failed before the change"
    else:
        title = {"green": "Green", "red": "Red"}.get(verdict, "The tests could not be run")
    if evidence.shows:
        title += "; its tests fail without the change"
    elif not evidence.files:
        title += "; the change touches no test"
    names = "\n".join(f"- {code(name)}" for name in known[:50])
    return CheckText(
        title,
        block(f"{code(command)}, run in a sandbox on exactly this tree: {verdict}.", evidence_table(evidence)),
        block(
            folded(f"{plural(len(known), 'test')} failing before the change already", names) if known else "",
            folded("What the command said", fenced(output, EVIDENCE_LIMIT)),
        ),
    )


def check_policy(result: Result, looked_at: str = "") -> CheckText:
    """`pullwright/policy`: whether the content is what the policy allows. `looked_at` says who saw what waited."""
    title = {
        Status.approved: "The change is within policy",
        Status.pending: "Somebody must look at this change",
    }.get(result.status, "The policy does not allow this change")
    return CheckText(
        title if not looked_at else "The change is within policy; somebody looked at it",
        block(line(looked_at, 2_000), line(result.why, 2_000), result.remedy or ""),
        folded("Every rule, and what it found", markdown(result)),
        annotations=_annotations(result),
    )


def check_review(opinion: Opinion) -> CheckText:
    """`pullwright/review`: what the reviewing model thinks. It approves nothing."""
    title = {
        "approve": "The reviewer found nothing to object to",
        "concerns": "The reviewer has concerns",
        "block": "The reviewer advises against this change",
    }[opinion.verdict.value]
    findings = "\n".join(_finding(finding) for finding in opinion.findings[:50])
    return CheckText(
        title,
        quoted(opinion.summary) if opinion.summary else title,
        folded(plural(len(opinion.findings), "finding"), findings) if findings else "",
    )


def check_approval(result: Result | None, digest: Digest | None, why: str = "") -> CheckText:
    """`pullwright/approval`: whether people approved exactly this change. Without a result, `why` says why not."""
    if result is None:
        return CheckText("Not approved", line(why, 2_000) or "The run has ended.")
    title = "Approved" if result.approved else "Waiting for an approval"
    how = approve_how(digest) if digest is not None and not result.approved else ""
    content = f"The change is `{short(digest)}`." if digest is not None else ""
    return CheckText(
        title,
        block(line(result.why, 2_000), content, how),
        folded("How this was decided", markdown(result)),
        buttons=() if result.approved else (HOW_TO_APPROVE, REJECT, HOLD),
    )


def check_not_ours(merge_group: bool) -> CheckText:
    """`pullwright/approval` where it is required and nothing of ours is to be approved."""
    if merge_group:
        return CheckText("Nothing to decide here", "Whatever is in the merge queue was approved before it got there.")
    return CheckText(
        "Nothing to decide here",
        "People opened this pull request, and Pullwright has no say in it. The branch asks for this check of every "
        "pull request, so it is answered at once.",
    )


def folded(title: str, body: str) -> str:
    """The body behind a line that opens it; cut at the end of a line where it is too long for a check run."""
    kept: list[str] = []
    size = 0
    rows = body.split("\n")
    for row in rows:
        size += len(row.encode()) + 1
        if size > FOLDED_LIMIT_BYTES:
            kept.append(f"\n*({plural(len(rows) - len(kept), 'more line')}, too long for a check run)*")
            break
        kept.append(row)
    return f"<details><summary>{title}</summary>\n\n" + "\n".join(kept) + "\n\n</details>"


_LEVEL = {Status.denied: "failure", Status.error: "failure", Status.pending: "warning"}


def _annotations(result: Result) -> tuple[Annotation, ...]:
    """What was found, at its lines; what refuses first."""
    parts = sorted((part for part in result.children if part.places), key=lambda part: list(Status).index(part.status))
    placed = [(part, place) for part in parts for place in part.places]
    return tuple(_annotation(part, place) for part, place in placed[:MOST_ANNOTATIONS])


def _annotation(part: Result, place: Place) -> Annotation:
    kind = FINDINGS.get(part.name)
    shown = kind is not None and kind.follows is Follows.shown
    return Annotation.model_validate(
        {
            "path": place.path,
            "line": place.line,
            "column": None,
            "message": line(place.why, 2_000),
            "level": "notice" if shown else _LEVEL.get(part.status, "notice"),
            "title": f"Policy: {part.name}",
        }
    )


def _finding(finding: Finding) -> str:
    where = f"{finding.path}:{finding.line}" if finding.line is not None else finding.path
    return f"- {code(where)} {line(finding.note)}"
