"""What agents hand in. A model fills these forms; the schema it sees and the check it must pass are the same class."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from core.names import Value

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)]


class Verdict(StrEnum):
    actionable = "actionable"
    needs_info = "needs-info"
    duplicate = "duplicate"
    declined = "declined"


class Triage(Value):
    """What an issue is, and whether work on it can begin."""

    verdict: Verdict
    kind: Annotated[str, Field(description="bug, feature, question, documentation or other")]
    summary: Line
    why: Text = ""
    questions: tuple[Line, ...] = ()


class Finding(Value):
    path: Line
    line: int | None = None
    note: Line


class Research(Value):
    """What was found out before anything is planned."""

    summary: Text
    findings: tuple[Finding, ...] = ()
    risks: tuple[Line, ...] = ()


class Plan(Value):
    """What will be changed, and how it will be shown to work."""

    summary: Line
    steps: tuple[Line, ...] = Field(min_length=1)
    files: tuple[Line, ...] = Field(min_length=1, description="every path that will be created, changed or deleted")
    tests: tuple[Line, ...] = ()
    questions: tuple[Line, ...] = ()
    estimate_usd: float | None = Field(default=None, ge=0)


class ChangeSummary(Value):
    """What the implementer says about its own change. The diff is the truth; this is its title."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=72)]
    summary: Text
    kind: Annotated[str, Field(default="fix", description="conventional commit type: fix, feat, docs, test, refactor")]


class Resolution(ChangeSummary):
    """What an agent says that put two changes of the same files together."""

    kept: tuple[Line, ...] = Field(
        default=(),
        max_length=1_000,
        description="paths in conflict without conflict markers that are right exactly as they stand in the tree now",
    )


class ReviewVerdict(StrEnum):
    approve = "approve"
    concerns = "concerns"
    block = "block"


class Opinion(Value):
    """What the reviewer thinks of exactly this change."""

    verdict: ReviewVerdict
    summary: Text
    findings: tuple[Finding, ...] = ()
