"""Digests bind to content: equal content has one digest, and what people type is matched by its beginning."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.digests import ChangedPath, canonical, change_digest, content, digest, matches, plan_digest, short
from core.names import Digest

blobs = st.one_of(st.none(), st.text("0123456789abcdef", min_size=40, max_size=40))
changed = st.builds(
    ChangedPath, path=st.text(min_size=1), mode=st.sampled_from(["100644", "100755"]), base_blob=blobs, head_blob=blobs
)
paths = st.lists(changed, unique_by=lambda path: path.path, max_size=6)


def _digest(rows: list[ChangedPath], **other: object) -> Digest:
    said = {"repository_id": 1, "base_ref": "main", "message": "fix: it", "policy": Digest("p" * 64), **other}
    return change_digest(paths=rows, **said)  # type: ignore[arg-type]


def test_canonical_json_is_sorted_and_has_no_spaces() -> None:
    assert canonical({"b": [1, None], "a": "é"}) == '{"a":"é","b":[1,null]}'.encode()


def test_the_kind_is_part_of_a_digest() -> None:
    assert digest("plan", 1) != digest("change", 1)
    assert digest("plan", 1) == hashlib.sha256(b'["plan",1]').hexdigest()
    assert content(b"x") == hashlib.sha256(b"x").hexdigest()


@given(paths, st.randoms())
def test_the_order_of_paths_changes_nothing(rows: list[ChangedPath], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _digest(shuffled) == _digest(rows)


@given(paths, changed)
def test_another_path_or_another_content_is_another_digest(rows: list[ChangedPath], extra: ChangedPath) -> None:
    others = [row for row in rows if row.path != extra.path]
    assert _digest([*others, extra]) != _digest(others)
    touched = extra.model_copy(update={"head_blob": "f" * 39 + ("0" if extra.head_blob else "1")})
    assert _digest([*others, touched]) != _digest([*others, extra])


@given(paths)
def test_a_base_that_moved_elsewhere_keeps_the_digest_and_one_that_moved_here_does_not(rows: list[ChangedPath]) -> None:
    # The base commit is no part of it: only the base's blobs of the touched paths are.
    assert _digest(rows) == _digest([row.model_copy() for row in rows])
    for row in rows:
        moved = row.model_copy(update={"base_blob": "e" * 39 + "0"})
        if moved != row:
            assert _digest([moved if each is row else each for each in rows]) != _digest(rows)


@pytest.mark.parametrize(
    "other", [{"repository_id": 2}, {"base_ref": "next"}, {"message": "fix: it\n"}, {"policy": Digest("q" * 64)}]
)
def test_everything_around_the_content_counts_too(other: dict[str, object]) -> None:
    assert _digest([], **other) != _digest([])


def test_a_plan_digest_covers_the_issues_text_and_the_policy() -> None:
    one = plan_digest(repository_id=1, plan={"steps": []}, snapshot={"title": "a"}, policy=Digest("p"))
    assert one != plan_digest(repository_id=1, plan={"steps": []}, snapshot={"title": "b"}, policy=Digest("p"))
    assert one != plan_digest(repository_id=1, plan={"steps": []}, snapshot={"title": "a"}, policy=Digest("q"))


@given(st.binary(), st.integers(12, 64))
def test_any_beginning_of_twelve_digits_or_more_matches(raw: bytes, length: int) -> None:
    full = content(raw)
    assert matches(full[:length], full)
    assert matches(f" `{full[:length].upper()}` ", full)
    assert matches(short(full), full)


@pytest.mark.parametrize("typed", ["", "a" * 11, "g" * 12, "a" * 65, "*", "a" * 12 + " b"])
def test_anything_shorter_longer_or_else_matches_nothing(typed: str) -> None:
    assert not matches(typed, Digest("a" * 64))
