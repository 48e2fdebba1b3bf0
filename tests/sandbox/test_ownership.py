"""A tree is given to the box's user, and nothing outside of it."""

import os

import pytest

from adapters.sandbox.output import Output
from adapters.sandbox.ownership import give
from adapters.sandbox.walk import walk
from core.errors import TreeRefused


def someone_else():
    """A user and group that this process may give files to, and that do not own them yet where we are root."""
    return (61817, 61817) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


def test_only_what_differs_changes_hands(tree):
    (tree / "a").mkdir()
    (tree / "a" / "b").write_text("b")
    give(tree, *someone_else())
    assert (tree / "a" / "b").stat().st_uid == someone_else()[0]
    assert give(tree, *someone_else()) == 0


def test_what_a_symlink_points_to_keeps_its_owner(tree, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    (tree / "link").symlink_to(outside)
    give(tree, *someone_else())
    assert outside.stat().st_uid == (outside / "file").stat().st_uid == os.geteuid()


def test_a_file_with_a_second_name_elsewhere_is_refused(tree, tmp_path):
    (tmp_path / "mirror").write_text("shared")
    (tree / "copy").hardlink_to(tmp_path / "mirror")
    with pytest.raises(TreeRefused) as caught:
        give(tree, uid=os.geteuid() + 1)
    assert str(caught.value) == f"{tree}/copy has a second name elsewhere and cannot be given to the box."


def test_folders_nested_deeper_than_200_are_refused(tree):
    deep = tree
    for _ in range(201):
        deep = deep / "d"
        deep.mkdir()
    with pytest.raises(TreeRefused, match="nested deeper than 200"):
        list(walk(tree))


def test_short_output_is_kept_whole_and_long_output_in_bounded_memory():
    output = Output(10)
    output.add(b"0123456789")
    assert (output.bytes(), output.truncated) == (b"0123456789", False)
    for _ in range(1000):
        output.add(b"abc")
    assert output.bytes() == b"01234\n[3000 bytes left out]\nbcabc"
