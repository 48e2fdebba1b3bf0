"""The texts of the four check runs on the bot's pull requests."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.digests import short
from core.names import Digest
from core.outputs import Finding, Opinion
from handlers.neutralise import code, fenced, line, quoted
from handlers.replies.pulls import EvidenceView, evidence_table
from handlers.replies.words import approve_how, block
from policies.render import markdown
from policies.result import Result

TITLE_LIMIT = 255
EVIDENCE_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class CheckText:
    """What a check run says. GitHub takes 255 characters of title and 65,535 of each text."""

    title: str
    summary: str
    text: str = ""


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
        block(f"Failing before the change already:\n\n{names}" if known else "", fenced(output, EVIDENCE_LIMIT)),
    )


def check_policy(result: Result) -> CheckText:
    """`pullwright/policy`: whether the content is what the policy allows."""
    title = "The change is within policy" if result.approved else "The policy does not allow this change"
    return CheckText(title, block(line(result.why, 2_000), result.remedy or ""), markdown(result))


def check_review(opinion: Opinion) -> CheckText:
    """`pullwright/review`: what the reviewing model thinks. It approves nothing."""
    title = {
        "approve": "The reviewer found nothing to object to",
        "concerns": "The reviewer has concerns",
        "block": "The reviewer advises against this change",
    }[opinion.verdict.value]
    findings = "\n".join(_finding(finding) for finding in opinion.findings[:50])
    return CheckText(title, quoted(opinion.summary) if opinion.summary else title, findings)


def check_approval(result: Result | None, digest: Digest | None, why: str = "") -> CheckText:
    """`pullwright/approval`: whether people approved exactly this change. Without a result, `why` says why not."""
    if result is None:
        return CheckText("Not approved", line(why, 2_000) or "The run has ended.")
    title = "Approved" if result.approved else "Waits for an approval"
    how = approve_how(digest) if digest is not None and not result.approved else ""
    content = f"The change is `{short(digest)}`." if digest is not None else ""
    return CheckText(title, block(line(result.why, 2_000), content, how), markdown(result))


def _finding(finding: Finding) -> str:
    where = f"{finding.path}:{finding.line}" if finding.line is not None else finding.path
    return f"- {code(where)} {line(finding.note)}"
