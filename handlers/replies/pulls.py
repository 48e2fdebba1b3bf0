"""The pull request: its title and its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from core.outputs import ChangeSummary, Opinion, Plan
from handlers.neutralise import code, line, quoted
from handlers.replies.templates import filled
from handlers.replies.words import block, money

_CHECKS = "**Checks**, one sentence each; the check runs have the details"

Colour = Literal["red", "green", "unbuildable", "nothing"]


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """The test files that the change touches, as they end on the base and on the head."""

    files: Sequence[str] = ()
    base: Colour | None = None
    head: Colour | None = None

    @property
    def shows(self) -> bool:
        """Red without the change and green with it: the tests show something."""
        return self.base == "red" and self.head == "green"


@dataclass(frozen=True, slots=True)
class CheckView:
    """One line of what the checks said."""

    name: str
    ok: bool | None
    """None: neither good nor bad."""
    why: str


@dataclass(frozen=True, slots=True)
class PullView:
    """What the text of the pull request is made of."""

    issue: int
    """What it is about; 0 where that is the whole repository."""
    run: str
    workflow: str
    requester: str
    summary: ChangeSummary
    plan: Plan | None
    evidence: EvidenceView
    checks: Sequence[CheckView]
    opinion: Opinion | None
    cost_usd: Decimal
    unpriced: bool
    url: str | None = None
    closes: bool = True
    """Whether merging it closes the issue."""
    template: str = ""
    """The repository's own template of a pull request."""
    ci: str = ""
    """What is to be said of the repository's CI."""


def pull_title(summary: ChangeSummary) -> str:
    return line(summary.title, 72)


def pull_body(view: PullView) -> str:
    """The text that reviewers read. Only `Fixes #n`, which code writes, closes an issue."""
    spent = money(view.cost_usd) + (" and calls without a known price" if view.unpriced else "")
    run = f"[`{view.run}`]({view.url})" if view.url else f"`{view.run}`"
    fixes = f"{'Fixes' if view.closes else 'For'} #{view.issue}" if view.issue else ""
    summary = quoted(view.summary.summary) if view.summary.summary else ""
    evidence = evidence_table(view.evidence)
    own = filled(view.template, {"what": summary, "why": fixes, "tests": evidence})
    return block(
        "" if "why" in own.placed else fixes,
        "" if "what" in own.placed else summary,
        own.text,
        _plan(view.plan),
        "" if "tests" in own.placed else evidence,
        "\n".join([_CHECKS, "", *(_check(check) for check in view.checks)]) if view.checks else "",
        view.ci,
        _opinion(view.opinion),
        f"<sub>cost {spent} · run {run} of `{view.workflow}` · requested by @{view.requester}</sub>",
    )


def evidence_table(evidence: EvidenceView) -> str:
    """Whether the tests of the change fail without it and pass with it."""
    if not evidence.files:
        return "**Evidence**: the change touches no test, so none shows that it works."
    names = ", ".join(code(path).replace("|", "\\|") for path in evidence.files[:20])
    more = f" and {len(evidence.files) - 20} more" if len(evidence.files) > 20 else ""
    says = (
        "The tests that the change touches fail without it and pass with it."
        if evidence.shows
        else "The tests that the change touches do not show by themselves that it is needed."
    )
    return block(
        f"**Evidence**: {says}",
        "| tests | on the base | on the head |\n| --- | --- | --- |\n"
        f"| {names}{more} | {_colour(evidence.base)} | {_colour(evidence.head)} |",
    )


def _plan(plan: Plan | None) -> str:
    if plan is None:
        return ""
    steps = "\n".join(f"{number}. {line(step)}" for number, step in enumerate(plan.steps, 1))
    return f"<details><summary>Plan: {line(plan.summary)}</summary>\n\n{steps}\n\n</details>"


def _check(check: CheckView) -> str:
    sign = "➖" if check.ok is None else "✅" if check.ok else "❌"
    return f"- {sign} `{check.name}`: {line(check.why)}"


def _opinion(opinion: Opinion | None) -> str:
    if opinion is None:
        return ""
    return block(f"**Review by a model**: {opinion.verdict}", quoted(opinion.summary, 4_000) if opinion.summary else "")


def _colour(colour: Colour | None) -> str:
    return {"red": "🔴 red", "green": "🟢 green", "nothing": "⚪ not found", "unbuildable": "⚪ not runnable"}.get(
        colour or "unbuildable", "⚪ not runnable"
    )
