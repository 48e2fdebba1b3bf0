"""A review of somebody's pull request: an opinion of a model, which approves nothing."""

from collections.abc import Sequence

from core.outputs import Finding, Opinion, ReviewVerdict
from handlers.neutralise import code, line, neutral, quoted
from handlers.replies.words import block

_VERDICTS = {
    ReviewVerdict.approve: "I found nothing that should keep this from being merged.",
    ReviewVerdict.concerns: "Weigh these findings before you merge it.",
    ReviewVerdict.block: "I would not merge this as it stands.",
}


def review(opinion: Opinion, elsewhere: Sequence[Finding], head: str) -> str:
    """The text of the review; `elsewhere` are findings that stand at no line of the diff."""
    listed = "\n".join(f"- {_place(found)}{line(found.note)}" for found in elsewhere)
    return block(
        f"**Review by a model**: {_VERDICTS[opinion.verdict]}",
        quoted(opinion.summary, 4_000) if opinion.summary else "",
        listed,
        f"<sub>Read at {head[:12]}. It approves nothing and requests no changes.</sub>",
    )


def review_note(found: Finding) -> str:
    """A finding, as a comment on its line."""
    return neutral(found.note)


def review_without_lines(body: str, comments: Sequence[tuple[str, int, str]]) -> str:
    """The review with its comments in the text: path, line, and what is said there, which is harmless already."""
    listed = [one for one in comments if "\n" not in one[2]]
    long = [one for one in comments if "\n" in one[2]]
    return block(
        body,
        "\n".join(f"- {code(f'{path}:{number}')} {said}" for path, number, said in listed),
        *(f"{code(f'{path}:{number}')}\n\n{said}" for path, number, said in long),
    )


def _place(found: Finding) -> str:
    where = found.path if found.line is None else f"{found.path}:{found.line}"
    return f"{code(where)} "
