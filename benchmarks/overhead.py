"""How much of the time from a label to the pull request is ours: the demo's story, less model, commands and people.

The baseline stands in the same run: the whole time, with the story's own model, commands and people.
"""

from collections.abc import Mapping, Sequence

from benchmarks.figures import Bound, Figure, Report, middle
from benchmarks.story import played
from bot.demo.spans import Span

BOUND_SECONDS = 2.0
ROUNDS = 3


async def measure() -> Report:
    """The medians of several stories, in seconds."""
    stories = [(await played()).spans for _ in range(ROUNDS)]
    figure = Figure(
        "own time, label to pull request",
        middle(sum(span.own_seconds for span in story) for story in stories),
        "s",
        baseline=middle(sum(span.seconds for span in story) for story in stories),
        against="all of it",
        bound=Bound("measured", "at most", BOUND_SECONDS),
    )
    return Report((figure,), _parts([_median(same) for same in zip(*stories, strict=True)]))


def _median(spans: Sequence[Span]) -> Span:
    names = _numbers(spans[0])
    return Span(spans[0].name, **{name: middle(_numbers(span)[name] for span in spans) for name in names})


def _numbers(span: Span) -> Mapping[str, float]:
    return {
        "seconds": span.seconds,
        "model_seconds": span.model_seconds,
        "command_seconds": span.command_seconds,
        "people_seconds": span.people_seconds,
    }


def _parts(spans: Sequence[Span]) -> str:
    lines = [f"{'from label to pull request':<28}{'all':>8}{'model':>8}{'commands':>10}{'people':>8}{'ours':>8}"]
    lines += [
        f"{span.name:<28}{span.seconds:>8.2f}{span.model_seconds:>8.2f}{span.command_seconds:>10.2f}"
        f"{span.people_seconds:>8.2f}{span.own_seconds:>8.2f}"
        for span in spans
    ]
    return "\n".join(lines)
