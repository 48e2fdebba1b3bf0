"""What a run would have pushed to somebody's pull request: one review that suggests it, and approves nothing."""

from collections.abc import Sequence

from core.suggestions import Suggestion
from handlers.neutralise import code, exact, fence, fenced, line, quoted
from handlers.replies.words import block, paths, plural

MOST_CHARACTERS = 6_000
"""Of one suggestion."""
PATCH_CHARACTERS = 25_000
"""Of all that is no suggestion: with the suggestions themselves it must fit into one text, where GitHub takes no
comment on a line."""


def fits(text: str) -> bool:
    """Whether these lines can be suggested: taking a suggestion must give exactly what was made and tested."""
    return len(text) <= MOST_CHARACTERS and exact(text)


def suggestion(one: Suggestion) -> str:
    """The block that GitHub lets people take with a click; its fence is longer than any within."""
    around = fence(one.text)
    return f"{around}suggestion\n{one.text}{around}"


def suggestions(
    *, title: str, summary: str, head: str, count: int, patch: str, unshown: Sequence[str], tested: str
) -> str:
    """The text of the review. `patch` is what stands on no line of the diff, of the files `unshown` not even that."""
    what = plural(count, "suggestion") if count else "No suggestion"
    below = f"{what} on lines of the diff" + (f"; {tested}" if tested else "") + "."
    return block(
        f"**Suggested by a model**: {line(title)}",
        quoted(summary, 4_000) if summary else "",
        below,
        _folded(patch, head),
        "\n".join(["Not shown, because it is too large or not text:", "", *paths(unshown)]) if unshown else "",
        f"<sub>Made on {head[:12]}. Nothing was pushed: the branch is not mine. It approves nothing.</sub>",
    )


def tested_with_all(check: str) -> str:
    """Of what was suggested after a green check."""
    return f"the check {code(check)} was green with all of it"


def head_moved(may: str, now: str) -> str:
    """Why a run about a fork ends."""
    return (
        f"somebody pushed to the fork: the run may work only with `{may[:12]}`, and the head is now `{now[:12]}`. "
        "To have that one worked on, ask again"
    )


def retargeted(was: str, now: str) -> str:
    """Why a run about a fork ends whose pull request got another base."""
    return (
        f"the pull request now targets {code(now)}, and the run may work on it only for {code(was)}. "
        "To have it worked on for the new base, ask again"
    )


def _folded(patch: str, head: str) -> str:
    if not patch:
        return ""
    kept = patch
    if len(patch) > PATCH_CHARACTERS:
        kept = patch[: patch.rfind("\n", 0, PATCH_CHARACTERS) + 1]
    cut = "\n\n*(cut: the patch is too long for a review)*" if kept != patch else ""
    title = f"What fits on no line of the diff, as a patch of {head[:12]}"
    return f"<details><summary>{title}</summary>\n\n{fenced(kept, len(kept) + 1, 'diff')}{cut}\n\n</details>"
