"""The plan, as people read it before they approve it."""

from collections.abc import Sequence

from core.digests import short
from core.names import Digest
from core.outputs import Plan, Research
from handlers.neutralise import code, line, quoted
from handlers.replies.words import block, money, paths
from policies.result import Result


def plan(plan: Plan, digest: Digest, limit_usd: float, result: Result, research: Research | None, ci: str = "") -> str:
    """The plan comment: what will be done, where, how it will be shown to work, and why it opened where it did.

    Why it waits is said by `waiting()` below it, and only there; `/why` shows the rules.
    """
    return block(
        f"### Plan `{short(digest)}`",
        line(plan.summary),
        _numbered("**Steps**", plan.steps),
        "\n".join(["**Files**", "", *paths(plan.files)]),
        _listed("**Tests**", plan.tests) or "**Tests**: none.",
        _listed("**Open questions**", plan.questions),
        _found(research),
        f"**Cost**: estimated {money(plan.estimate_usd)}, at most {money(limit_usd)} for the whole run.",
        ci,
        result.why if result.approved else "",
    )


def plan_tampered(digest: Digest) -> str:
    """Said above a plan that is posted again, because somebody changed the first one."""
    return (
        f"⚠️ Somebody edited my comment with plan `{short(digest)}`: what people approved may not be what they read. "
        "Approvals given since do not count. This is the plan as it is:"
    )


def _found(research: Research | None) -> str:
    if research is None:
        return ""
    findings = [f"- {_where(f.path, f.line)} {line(f.note)}" for f in research.findings[:30]]
    risks = [f"- risk: {line(risk)}" for risk in research.risks]
    inside = block(quoted(research.summary, 6_000), "\n".join([*findings, *risks]))
    return f"<details><summary>What the research found</summary>\n\n{inside}\n\n</details>"


def _where(path: str, number: int | None) -> str:
    return code(f"{path}:{number}" if number is not None else path)


def _numbered(title: str, rows: Sequence[str]) -> str:
    return "\n".join([title, "", *(f"{number}. {line(row)}" for number, row in enumerate(rows, 1))])


def _listed(title: str, rows: Sequence[str]) -> str:
    return "\n".join([title, "", *(f"- {line(row)}" for row in rows)]) if rows else ""
