"""The stand-in starts git once for what can never change, and looks anew at what can."""

import asyncio
from pathlib import Path

import pytest

from bot.demo.github import git

ADA = git.Person("Ada", "ada@example.org")


@pytest.fixture
async def bare(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("one\n")
    target = tmp_path / "bare.git"
    await git.import_bare(source, target, "main", "2026-01-01T00:00:00Z")
    return target


async def committed(path: Path, parent: str, files: dict[str, bytes | None]) -> str:
    tree = await git.edited_tree(path, parent, files)
    return await git.commit(path, tree, [parent], "next\n", ADA, ADA, "2026-01-02T00:00:00Z")


async def test_git_is_started_once_for_what_two_commits_differ_in(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = (await git.refs(bare))["refs/heads/main"]
    second = await committed(bare, first, {"b.txt": b"two\n"})
    question = ("diff", "--raw", "--no-abbrev", first, second)
    answer = await git.git(bare, *question)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
    assert await git.git(bare, *question) == answer


async def test_a_branch_that_moves_or_goes_is_seen_at_once(bare: Path) -> None:
    first = await git.resolve(bare, "main")
    assert first is not None
    second = await committed(bare, first, {"a.txt": b"two\n"})
    await git.update_ref(bare, "refs/heads/main", second, first)
    await git.update_ref(bare, "refs/heads/topic/one", first)
    assert (await git.resolve(bare, "main"), await git.resolve(bare, "topic/one")) == (second, first)
    assert await git.refs(bare) == {"refs/heads/main": second, "refs/heads/topic/one": first}
    await git.delete_ref(bare, "refs/heads/topic/one")
    assert await git.resolve(bare, "topic/one") is None
    assert await git.refs(bare) == {"refs/heads/main": second}


async def test_a_packed_reference_counts_until_a_newer_one_is_written(bare: Path) -> None:
    first = await git.resolve(bare, "main")
    assert first is not None
    await git.update_ref(bare, "refs/tags/v1", first)
    await git.git(bare, "pack-refs", "--all")
    assert not (bare / "refs" / "heads" / "main").exists()
    assert await git.refs(bare, "refs/") == {"refs/heads/main": first, "refs/tags/v1": first}
    second = await committed(bare, first, {"a.txt": b"two\n"})
    await git.update_ref(bare, "refs/heads/main", second, first)
    assert await git.resolve(bare, "main") == second
    assert await git.resolve(bare, "v1") == first


async def test_a_tag_with_a_message_is_the_commit_it_stands_for(bare: Path) -> None:
    first = await git.resolve(bare, "main")
    assert first is not None
    tag = f"object {first}\ntype commit\ntag v2\ntagger Ada <ada@example.org> 1767225600 +0000\n\nsecond\n"
    await git.update_ref(bare, "refs/tags/v2", await git.text(bare, "mktag", stdin=tag.encode()))
    assert await git.resolve(bare, "v2") == first


async def test_a_commit_that_was_missing_is_found_when_it_came(bare: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.git"
    await git.import_bare(bare, other, "main", "2026-01-01T00:00:00Z")
    first = await git.resolve(bare, "main")
    assert first is not None
    new = await committed(other, first, {"c.txt": b"three\n"})
    assert await git.resolve(bare, new) is None
    await git.bring(other, bare, new)
    assert await git.resolve(bare, new) == new
    assert await git.is_ancestor(bare, first, new)


@pytest.mark.parametrize("name", ["../../outside", "/outside", "main.lock", "ma\0in", "heads"])
async def test_no_name_leads_to_a_file_that_is_no_reference(bare: Path, tmp_path: Path, name: str) -> None:
    first = await git.resolve(bare, "main")
    (tmp_path / "outside").write_text(f"{first}\n")
    (bare / "refs" / "heads" / "main.lock").write_text(f"{first}\n")
    assert await git.resolve(bare, name) is None
    assert await git.refs(bare, f"refs/heads/{name}") == {}
