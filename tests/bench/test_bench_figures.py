"""A figure, its bound, and the page that shows them."""

import importlib
import inspect
from pathlib import Path

import pytest

from benchmarks.__main__ import EVERY, main
from benchmarks.figures import Bound, Figure, Report, table

ROOT = Path(__file__).parents[2]
CLONE = Figure(
    "warm clone, 1,000 files",
    63.0,
    "ms",
    baseline=42.0,
    against="`git worktree add`",
    bound=Bound("ratio", "at most", 1.5),
)


def test_a_row_shows_the_figure_beside_its_baseline_its_ratio_and_its_bound():
    assert CLONE.cells == (
        "warm clone, 1,000 files",
        "63.0 ms",
        "42.0 ms (`git worktree add`)",
        "1.50",
        "at most 1.5 ×",
        "yes",
    )


def test_a_goal_beyond_the_bound_is_said():
    bound = Bound("ratio", "at least", 0.4)
    receiver = Figure("receiver", 1800, "deliveries/s", baseline=3000, against="bare", bound=bound, goal=0.6)
    assert receiver.cells[1:] == (
        "1,800 deliveries/s",
        "3,000 deliveries/s (bare)",
        "0.60",
        "at least 0.4 × (goal 0.6)",
        "yes",
    )


def test_a_table_is_markdown_with_even_columns():
    web = Figure("web", 101.2, "MB", bound=Bound("measured", "at most", 100))
    assert table([web, Figure("one story", 1236, "commits")]).splitlines() == [
        "| figure    | measured      | baseline | ratio | bound          | held |",
        "|-----------|---------------|----------|-------|----------------|------|",
        "| web       | 101 MB        |          |       | at most 100 MB | NO   |",
        "| one story | 1,236 commits |          |       |                |      |",
    ]


@pytest.mark.parametrize(
    ("bound", "held"),
    [
        (Bound("ratio", "at most", 1.5), True),
        (Bound("ratio", "at most", 1.4), False),
        (Bound("ratio", "at least", 1.6), False),
        (Bound("measured", "at most", 63), True),
        (Bound("measured", "at most", 62), False),
        (None, None),
    ],
)
def test_a_bound_is_held_on_its_own_side(bound: Bound | None, held: bool | None):
    assert Figure("x", 63.0, "ms", baseline=42.0, bound=bound).held is held


def test_a_bound_on_a_ratio_without_a_baseline_is_not_held():
    assert Figure("x", 1.0, "ms", bound=Bound("ratio", "at most", 1.5)).held is False


def test_what_was_not_measured_says_why_and_counts_neither_as_held_nor_as_missed():
    bound = Bound("ratio", "at most", 1.5)
    figure = Figure("empty step", None, "ms", bound=bound, goal=1, missing="there is no PostgreSQL server here")
    assert figure.held is None
    assert figure.cells == (
        "empty step",
        "not measured: there is no PostgreSQL server here",
        "",
        "",
        "at most 1.5 × (goal 1)",
        "",
    )


@pytest.mark.parametrize("name", EVERY)
def test_every_benchmark_can_be_named(name: str):
    assert inspect.iscoroutinefunction(importlib.import_module(f"benchmarks.{name}").measure)


@pytest.mark.parametrize("name", EVERY)
def test_the_page_explains_every_benchmark(name: str):
    assert f"| `{name}` |" in (ROOT / "docs/benchmarks.md").read_text()


@pytest.mark.parametrize(("limit", "code"), [(1.5, 0), (1.4, 1)])
def test_a_bound_that_does_not_hold_is_the_exit_code(
    limit: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    async def measure() -> Report:
        return Report((Figure("x", 63.0, "ms", baseline=42.0, bound=Bound("ratio", "at most", limit)),))

    monkeypatch.setattr("benchmarks.clone.measure", measure)
    monkeypatch.setattr("sys.argv", ["benchmarks", "clone"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert ("NO" in capsys.readouterr().out) is bool(code)


def test_the_table_goes_between_the_marks_of_a_page_and_replaces_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def measure() -> Report:
        return Report((CLONE,))

    page = tmp_path / "page.md"
    page.write_text("# Before\n\n<!-- figures -->\n\nan older table\n\n<!-- end of figures -->\n\nAfter.\n")
    monkeypatch.setattr("benchmarks.clone.measure", measure)
    monkeypatch.setattr("benchmarks.__main__.description", lambda: "2026-01-02: a machine")
    monkeypatch.setattr("sys.argv", ["benchmarks", "clone", "--into", str(page)])
    with pytest.raises(SystemExit):
        main()
    found = f"2026-01-02: a machine\n\n{table([CLONE])}"
    assert page.read_text() == f"# Before\n\n<!-- figures -->\n\n{found}\n\n<!-- end of figures -->\n\nAfter.\n"
