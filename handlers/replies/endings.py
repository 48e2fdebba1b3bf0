"""How a run ends, said once: what happened, and what to do now."""

from collections.abc import Sequence

from core.names import Sha
from core.outputs import Triage, Verdict
from core.states import RunState
from handlers.neutralise import code, fenced, line, neutral, quoted
from handlers.replies.words import block, plural

EVIDENCE_LIMIT = 6_000
"""Characters of a command's output in a comment: its end, where test runners put the summary."""


def failed(code: str, sentence: str, remedy: str, evidence: str | None = None) -> str:
    """A run that failed: the sentence of its error, what to do, and the end of the output that shows it."""
    shown = (
        f"<details><summary>Output</summary>\n\n{fenced(evidence, EVIDENCE_LIMIT)}\n\n</details>" if evidence else ""
    )
    return block(f"❌ **This run failed** (`{code}`). {neutral(sentence, 3_000)}", remedy, shown)


def ended(state: RunState, why: str, actor: str | None = None) -> str:
    """A run that was cancelled or rejected."""
    by = f" by @{actor}" if actor else ""
    again = "`/retry` starts it again."
    return block(f"🛑 **This run was {state}**{by}: {line(why, 1_000)}", again)


def baseline_red(failing: Sequence[str], command: str) -> str:
    """Tests that fail before anything was changed: said before money is spent, and not counted afterwards."""
    names = "\n".join(f"- {code(name)}" for name in list(failing)[:20])
    more = f"\n- and {len(failing) - 20} more" if len(failing) > 20 else ""
    count = plural(len(failing), "test")
    return block(
        f"⚠️ {count} of {code(command)} fail{'s' if len(failing) == 1 else ''} before any change. "
        "I continue; only new failures count against the change.",
        names + more,
    )


def nothing_to_fix(command: str, branch: str) -> str:
    """What should be mended is in order."""
    return f"✅ {code(command)} is green on {code(branch)}: there is nothing to fix, so nothing was changed."


def nothing_failed(wanted: str) -> str:
    """There is no failed run to look at."""
    if wanted:
        return f"There is no failed run {code(wanted, 40)} in this repository."
    return "No run about this has failed."


def triaged(triage: Triage) -> str:
    """Why no work begins on this issue."""
    said = {
        Verdict.needs_info: needs_info,
        Verdict.duplicate: duplicate,
        Verdict.declined: declined,
    }
    return said[triage.verdict](triage)


def needs_info(triage: Triage) -> str:
    questions = "\n".join(f"- {line(question)}" for question in triage.questions)
    return block(
        f"I cannot start yet: {line(triage.summary)}",
        quoted(triage.why) if triage.why else "",
        questions,
        "Answer in a comment, then `/implement` again.",
    )


def duplicate(triage: Triage) -> str:
    return block(
        f"This looks like a duplicate: {line(triage.summary)}",
        quoted(triage.why) if triage.why else "",
        "If it is not, say what is different, then `/implement` again.",
    )


def declined(triage: Triage) -> str:
    return block(
        f"I will not work on this: {line(triage.summary)}",
        quoted(triage.why) if triage.why else "",
        "If that is wrong, say why in a comment, then `/implement` again.",
    )


def merged(number: int, sha: Sha, base_ref: str) -> str:
    return f"👍 #{number} is merged into {code(base_ref)} as {sha[:12]}. What was merged is what was approved."
