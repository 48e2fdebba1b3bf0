"""A file is put into a tree without a checkout, and only where a checkout could hold it."""

import asyncio
import hashlib
import os

import pytest
from git_origin import REPO, TOKEN, Origin, run_git
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_git_snapshots import empty_workspace

from adapters.git import files
from adapters.git.entries import is_git
from adapters.git.workspaces import GitWorkspace, Workspaces
from core.errors import TreeRefused
from core.names import RunId, Sha


async def modes(workspace: GitWorkspace, tree: Sha) -> dict[str, str]:
    return {file.path: file.mode for file in await workspace.list_files(tree)}


async def refusal(workspace: GitWorkspace, path: str, content: bytes = b"x") -> str:
    with pytest.raises(TreeRefused) as refused:
        await workspace.put(workspace.base, path, content)
    return str(refused.value)


async def test_a_new_file_is_added_to_the_tree_and_nothing_else_changes(workspace: GitWorkspace, base: Sha):
    before = await modes(workspace, base)
    tree = await workspace.put(base, "docs/notes/first.md", b"# First\n")
    assert await modes(workspace, tree) == before | {"docs/notes/first.md": "100644"}
    assert await workspace.read(tree, "docs/notes/first.md", 100) == b"# First\n"
    (changed,) = await workspace.changed_paths(base, tree)
    assert (changed.path, changed.base_blob) == ("docs/notes/first.md", None)


async def test_the_work_tree_stays_as_it_is_and_can_be_restored_to_the_new_one(workspace: GitWorkspace, base: Sha):
    tree = await workspace.put(base, "new", b"new\n")
    assert not (workspace.tree / "new").exists()
    await workspace.restore(tree)
    assert (workspace.tree / "new").read_bytes() == b"new\n"
    assert await workspace.snapshot() == tree


async def test_a_file_that_is_there_gets_the_content_and_keeps_its_mode(workspace: GitWorkspace, base: Sha):
    tree = await workspace.put(await workspace.put(base, "tool", b"#!/bin/sh\nexit 1\n"), "README", b"More.\n")
    found = await modes(workspace, tree)
    assert (found["tool"], found["README"]) == ("100755", "100644")
    assert await workspace.read(tree, "tool", 100) == b"#!/bin/sh\nexit 1\n"


async def test_the_same_content_is_the_same_tree(workspace: GitWorkspace, base: Sha, origin: Origin):
    first = await workspace.put(base, "README", b"Slugs.\n")
    assert first == run_git(origin.clone, "rev-parse", "HEAD^{tree}")
    again = await workspace.put(first, "README", b"Slugs.\n")
    assert again == first


async def test_content_is_put_byte_for_byte_whatever_the_attributes_say(workspace: GitWorkspace, base: Sha):
    content = b"$Id: x$\r\n\xff\0"
    tree = await workspace.put(base, ".gitattributes", b"* text=auto eol=crlf ident\n")
    tree = await workspace.put(tree, "odd.txt", content)
    assert await workspace.read(tree, "odd.txt", 100) == content


async def test_an_ignored_file_that_is_asked_for_by_name_is_put(workspace: GitWorkspace, base: Sha):
    assert "trace.log" in await modes(workspace, await workspace.put(base, "trace.log", b"1\n"))


async def test_what_was_put_goes_to_another_machine_with_the_pack(
    workspaces: Workspaces, workspace: GitWorkspace, base: Sha
):
    tree = await workspace.put(base, "a/new", b"carried\n")
    pack = await workspace.pack()
    elsewhere = await workspaces.open(RunId("run000000009"), REPO, base)
    assert not await elsewhere.has(tree)
    await elsewhere.unpack(pack.content)
    assert await elsewhere.read(tree, "a/new", 100) == b"carried\n"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "", "/", "a//b", "a/", "./a", "a/./b", "..", "a/../../b", "a/..", "a\0b"]
)
async def test_a_path_that_is_no_plain_way_down_the_tree_is_refused(workspace: GitWorkspace, path: str):
    shown = {"": "An empty name", "a\0b": r"'a\x00b'"}.get(path, path)
    assert await refusal(workspace, path) == f"{shown} is not a path within the tree."


@pytest.mark.parametrize(
    "path",
    [
        *(".git/config", ".git", "a/.git/hooks/pre-commit", ".GIT/config", ".git /config", ".git./config"),
        *(".git::$INDEX_ALLOCATION/config", "git~1/config", "a\\.git\\config", "a\\git~1", ".git\\config"),
    ],
)
async def test_whatever_some_git_would_take_for_its_folder_is_refused(workspace: GitWorkspace, path: str):
    assert await refusal(workspace, path) == f"{path} could be taken for a git directory."


async def test_an_invisible_letter_does_not_hide_the_folder_of_git(workspace: GitWorkspace):
    assert await refusal(workspace, ".g\u200cit/config") == r"'.g\u200cit/config' could be taken for a git directory."


async def test_a_name_that_is_not_utf_8_is_refused(workspace: GitWorkspace):
    assert await refusal(workspace, os.fsdecode(b"caf\xe9")) == r"The name 'caf\udce9' is not UTF-8."


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("src", "src cannot be written: it is a folder."),
        ("link", "link cannot be written: it is a symlink."),
        ("link/below", "link/below cannot be written: link is a symlink."),
        ("README/below", "README/below cannot be written: README is a file."),
        ("src/slugs.py/a/b", "src/slugs.py/a/b cannot be written: src/slugs.py is a file."),
    ],
)
async def test_what_is_in_the_way_is_named_and_left_alone(workspace: GitWorkspace, path: str, why: str):
    assert await refusal(workspace, path) == why


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("vendor", "vendor cannot be written: it is a submodule."),
        ("vendor/file", "vendor/file cannot be written: vendor is a submodule."),
    ],
)
async def test_nothing_is_put_into_a_submodule_or_in_its_place(
    workspaces: Workspaces, origin: Origin, base: Sha, path: str, why: str
):
    run_git(origin.clone, "update-index", "--add", "--cacheinfo", f"160000,{base},vendor")
    head = origin.push_index()
    await workspaces.mirrors.fetch(REPO.id, origin.url, TOKEN, ["main"])
    assert await refusal(await workspaces.open(RunId("run000000002"), REPO, head), path) == why


async def test_a_file_larger_than_github_takes_is_refused(workspace: GitWorkspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "FILE_LIMIT_BYTES", 2 * 1024**2)
    whole = b"x" * 2 * 1024**2
    assert "big" in await modes(workspace, await workspace.put(workspace.base, "big", whole))
    why = "big would be larger than 2 MiB, which GitHub does not take."
    assert await refusal(workspace, "big", whole + b"x") == why


async def test_names_that_no_checkout_can_hold_are_refused(workspace: GitWorkspace):
    assert (await refusal(workspace, "ü" * 128)).endswith(" has a name of more than 255 bytes in it.")
    assert (await refusal(workspace, "a/" * 200 + "b")).endswith("/a/a/b is nested deeper than 200 folders.")
    longest, deepest = "ü" * 127 + "x", "a/" * 199 + "b"
    tree = await workspace.put(await workspace.put(workspace.base, longest, b""), deepest, b"")
    await workspace.restore(tree)
    assert (workspace.tree / longest).exists()
    assert await workspace.snapshot() == tree


LETTERS = st.sampled_from(
    [*"ab.gitGIT~1: \\/\n-*\t\"'ü", "..", ".git", "git~1", "/", "\u200c", "\0", "\udce9", "::$", "\u202e", "\x7f"]
)
PATHS = st.lists(LETTERS, max_size=9).map("".join)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS, content=st.binary(max_size=20))
@example(path=".git/config", content=b"")
@example(path="-rf", content=b"x")
@example(path="a/b\\c", content=b"x")
def test_any_path_is_either_refused_or_holds_exactly_what_was_put(
    path: str, content: bytes, tmp_path_factory: pytest.TempPathFactory
):
    async def put() -> None:
        workspace = await empty_workspace(tmp_path_factory.mktemp("put"))
        try:
            tree = await workspace.put(workspace.base, path, content)
        except TreeRefused:
            assert not fit(path)
            return
        assert fit(path)
        assert await modes(workspace, tree) == {path: "100644"}
        await workspace.restore(tree)
        below = (file for file in workspace.tree.rglob("*") if file.is_file() and ".git" not in file.parts)
        assert {str(file.relative_to(workspace.tree)): file.read_bytes() for file in below} == {path: content}
        assert await workspace.snapshot() == tree

    asyncio.run(put())


def fit(path: str) -> bool:
    """Whether a path is a plain way down a tree, said in other words than the product says it."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    words = [word for part in path.split("/") for word in part.split("\\")]
    plain = "\0" not in path and all(part not in {"", ".", ".."} for part in path.split("/"))
    return plain and not any(is_git(word) for word in words)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=2_000))
def test_the_blob_is_the_one_git_itself_would_make(content: bytes, tmp_path_factory: pytest.TempPathFactory):
    async def put() -> None:
        workspace = await empty_workspace(tmp_path_factory.mktemp("blob"))
        tree = await workspace.put(workspace.base, "a", content)
        (changed,) = await workspace.changed_paths(workspace.base, tree)
        plain = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        assert changed.head_blob == plain

    asyncio.run(put())
