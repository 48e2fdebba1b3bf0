"""What a merge brought, beside what was approved."""

import pytest

from core.brought import depths, otherwise, told
from core.digests import ChangedPath
from core.github import MergeMethod
from core.names import Sha

BASE, HEAD, OTHER = (Sha(letter * 40) for letter in "abc")


def path(name: str, head: str | None = "2" * 40, mode: str = "100644", base: str | None = "1" * 40) -> ChangedPath:
    return ChangedPath(path=name, mode=mode, base_blob=base, head_blob=head)


def test_a_merge_that_brought_exactly_what_was_approved_is_not_otherwise() -> None:
    assert otherwise([path("a"), path("b")], [path("b"), path("a")]) == ()


@pytest.mark.parametrize(
    ("brought", "where"),
    [
        ([path("a"), path("elsewhere")], ("elsewhere",)),
        ([], ("a",)),
        ([path("a", head="3" * 40)], ("a",)),
        ([path("a", mode="100755")], ("a",)),
        ([path("a", base="4" * 40)], ("a",)),
        ([path("a", head=None, mode="000000")], ("a",)),
    ],
    ids=["a path besides", "nothing", "another content", "another mode", "over another content", "a deletion"],
)
def test_whatever_else_a_merge_brought_is_named_by_its_path(brought: list[ChangedPath], where: tuple[str, ...]) -> None:
    assert otherwise([path("a")], brought) == where


@pytest.mark.parametrize(
    ("method", "parents", "commits", "found"),
    [
        (MergeMethod.merge, (BASE, HEAD), 3, (1,)),
        (MergeMethod.squash, (BASE,), 3, (1,)),
        (MergeMethod.rebase, (BASE,), 3, (3,)),
        (MergeMethod.rebase, (BASE,), 0, (1,)),
        (None, (BASE,), 3, (1, 3)),
        (None, (BASE,), 1, (1,)),
        (None, (BASE, HEAD), 3, (1,)),
        (MergeMethod.merge, (BASE, OTHER), 1, ()),
        (MergeMethod.merge, (BASE, HEAD, OTHER), 1, ()),
        (MergeMethod.squash, (), 1, (1,)),
    ],
)
def test_how_far_below_its_result_the_base_of_a_merge_lies(
    method: MergeMethod | None, parents: tuple[Sha, ...], commits: int, found: tuple[int, ...]
) -> None:
    assert depths(method, parents, HEAD, commits) == found


def test_a_merge_that_brought_something_else_is_told_with_a_few_of_the_paths() -> None:
    assert told(HEAD, ["a"]) == "The merge bbbbbbbbbbbb brought something else than was approved in a."
    many = told(HEAD, [f"f{number}" for number in range(7)])
    assert many.endswith("in f0, f1, f2, f3, f4 and 2 more.")
