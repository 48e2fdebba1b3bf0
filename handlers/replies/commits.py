"""The commit message: the repository's habit, and trailers that only code writes."""

import re
import textwrap
from collections.abc import Sequence

from handlers.neutralise import line, neutral

_CONVENTIONAL = re.compile(r"^[a-z]+(?:\([^)]*\))?!?: \S")
_KINDS = frozenset({"fix", "feat", "docs", "test", "refactor", "perf", "build", "chore", "style", "ci"})
WIDTH = 72


def commit_message(
    *, kind: str, title: str, summary: str, run: str, workflow: str, habit: Sequence[str], sign_off: str | None
) -> str:
    """The message of the one commit that is shipped.

    `habit` are recent subjects of the repository; without any, conventional commits are the habit, where what takes
    another commit back is called as git calls it. `sign_off` is the
    identity (`Name <address>`) that signs off where the repository asks for it.
    """
    subject = line(title, WIDTH).rstrip(".")
    if conventional(habit) and not _CONVENTIONAL.match(subject) and not subject.startswith('Revert "'):
        prefix = kind if kind in _KINDS else "fix"
        subject = line(f"{prefix}: {subject[:1].lower()}{subject[1:]}", WIDTH)
    body = "\n".join(_wrapped(row) for row in neutral(summary, 4_000).split("\n"))
    # Once more: wrapping moves words to the beginnings of lines, and the subject's last word stands before the body.
    words = neutral(f"{subject}\n\n{body}")
    trailers = [f"Pullwright-Run: {run}", f"Pullwright-Workflow: {workflow}"]
    if sign_off is not None:
        trailers.append(f"Signed-off-by: {sign_off}")
    return "\n\n".join(part for part in (words, "\n".join(trailers)) if part) + "\n"


def conventional(habit: Sequence[str]) -> bool:
    """Whether the subjects follow conventional commits, by majority; without subjects they do."""
    counted = [subject for subject in habit if not subject.startswith("Merge ")]
    return not counted or sum(bool(_CONVENTIONAL.match(subject)) for subject in counted) * 2 > len(counted)


def _wrapped(row: str) -> str:
    """A row at most 72 wide; what looks laid out by hand stays as it is."""
    if len(row) <= WIDTH or row.startswith((" ", "\t", "|", "```")):
        return row
    indent = "  " if row.startswith(("- ", "* ")) else ""
    return textwrap.fill(row, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
