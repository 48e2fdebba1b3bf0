"""A snapshot says what is in the tree: every file, byte for byte, and no more than git would keep."""

import asyncio
import os
import socket
from pathlib import Path

import pytest
from git_origin import REPO, TOKEN, Origin, run_git
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.git.checkout import plant
from adapters.git.workspaces import GitWorkspace, Workspaces
from core.errors import TreeRefused
from core.names import RunId, Sha


async def modes(workspace: GitWorkspace, tree: Sha) -> dict[str, str]:
    return {file.path: file.mode for file in await workspace.list_files(tree)}


async def opened_at(workspaces: Workspaces, origin: Origin, head: Sha) -> GitWorkspace:
    await workspaces.mirrors.fetch(REPO.id, origin.url, TOKEN, ["main"])
    return await workspaces.open(RunId("run000000002"), REPO, head)


async def test_an_untouched_tree_is_the_tree_of_the_base(workspace: GitWorkspace, origin: Origin):
    assert await workspace.snapshot() == run_git(origin.clone, "rev-parse", "HEAD^{tree}")


async def test_what_was_written_deleted_and_made_executable_is_in_the_snapshot(workspace: GitWorkspace):
    (workspace.tree / "README").unlink()
    (workspace.tree / "src/slugs.py").chmod(0o755)
    (workspace.tree / "tool").chmod(0o644)
    (workspace.tree / "docs").mkdir()
    (workspace.tree / "docs/new").write_text("new\n")
    assert await modes(workspace, await workspace.snapshot()) == {
        ".gitignore": "100644",
        "docs/new": "100644",
        "link": "120000",
        "src/slugs.py": "100755",
        "tool": "100644",
    }


async def test_ignored_files_stay_out_unless_they_were_there_before(workspace: GitWorkspace):
    (workspace.tree / "build").mkdir()
    (workspace.tree / "build/out").touch()
    (workspace.tree / "trace.log").touch()
    (workspace.tree / ".gitignore").write_text("*.log\nbuild/\nREADME\n")
    kept = await modes(workspace, await workspace.snapshot())
    assert sorted(kept) == [".gitignore", "README", "link", "src/slugs.py", "tool"]


async def test_a_folder_may_take_the_place_of_a_file_and_a_file_that_of_a_folder(workspace: GitWorkspace):
    (workspace.tree / "README").unlink()
    (workspace.tree / "README").mkdir()
    (workspace.tree / "README/first").touch()
    (workspace.tree / "src/slugs.py").unlink()
    (workspace.tree / "src").rmdir()
    (workspace.tree / "src").write_text("flat\n")
    kept = await modes(workspace, await workspace.snapshot())
    assert sorted(kept) == [".gitignore", "README/first", "link", "src", "tool"]


async def test_a_change_that_keeps_size_and_times_is_seen(workspace: GitWorkspace):
    path = workspace.tree / "README"
    first, status = await workspace.snapshot(), path.stat()
    path.write_text("Slugz.\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert await workspace.snapshot() != first


async def test_content_is_taken_byte_for_byte_whatever_the_attributes_say(workspace: GitWorkspace):
    content = b"$Id: x$\r\none\ntwo\r\n\xff\xfe\x00"
    (workspace.tree / ".gitattributes").write_text("* text=auto eol=crlf ident working-tree-encoding=UTF-16\n")
    (workspace.tree / "odd").write_bytes(content)
    tree = await workspace.snapshot()
    assert await workspace.read(tree, "odd", 100) == content
    await workspace.restore(tree)
    assert (workspace.tree / "odd").read_bytes() == content


async def test_pipes_and_sockets_are_left_out(workspace: GitWorkspace, monkeypatch: pytest.MonkeyPatch):
    before = await workspace.snapshot()
    os.mkfifo(workspace.tree / "pipe")
    monkeypatch.chdir(workspace.tree)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
    assert await workspace.snapshot() == before


async def test_a_file_replaced_by_a_pipe_is_gone_and_is_not_waited_for(workspace: GitWorkspace):
    (workspace.tree / "README").unlink()
    os.mkfifo(workspace.tree / "README")
    assert "README" not in await modes(workspace, await workspace.snapshot())


async def test_a_tree_of_another_user_is_read_like_any_other(workspace: GitWorkspace):
    if os.geteuid() == 0:
        for path in (workspace.tree, *workspace.tree.rglob("*")):
            os.chown(path, 61817, 61817, follow_symlinks=False)
    (workspace.tree / "README").write_text("Theirs.\n")
    tree = await workspace.snapshot()
    assert await workspace.read(tree, "README", 100) == b"Theirs.\n"
    await workspace.restore(tree)
    assert (workspace.tree / "README").read_text() == "Theirs.\n"


@pytest.mark.parametrize(
    "name", ["new\nline", "-rf", "--work-tree=x", " leading", "quote\"'", "tab\t", "ü", ":(glob)*", "*", "a\\b"]
)
async def test_odd_names_come_through(workspace: GitWorkspace, base: Sha, name: str):
    (workspace.tree / name).write_text("odd\n")
    tree = await workspace.snapshot()
    assert [path.path for path in await workspace.changed_paths(base, tree)] == [name]
    assert await workspace.read(tree, name, 10) == b"odd\n"
    assert name in await modes(workspace, tree)
    assert await workspace.overlay(base, tree, [name]) == tree
    await workspace.restore(tree)
    assert (workspace.tree / name).read_text() == "odd\n"


async def test_a_name_that_is_not_utf_8_is_refused(workspace: GitWorkspace):
    (workspace.tree / os.fsdecode(b"caf\xe9")).touch()
    with pytest.raises(TreeRefused) as refused:
        await workspace.snapshot()
    assert str(refused.value) == r"The name caf\xe9 is not UTF-8."


async def test_a_name_of_the_base_that_is_not_utf_8_does_no_harm(workspaces: Workspaces, origin: Origin, base: Sha):
    (origin.clone / os.fsdecode(b"caf\xe9")).touch()
    head = origin.push({})
    workspace = await opened_at(workspaces, origin, head)
    (workspace.tree / "README").write_text("More.\n")
    changed = await workspace.changed_paths(head, await workspace.snapshot())
    assert [path.path for path in changed] == ["README"]


async def test_a_submodule_of_the_base_stays_as_it_is(workspaces: Workspaces, origin: Origin, base: Sha):
    run_git(origin.clone, "update-index", "--add", "--cacheinfo", f"160000,{base},vendor")
    workspace = await opened_at(workspaces, origin, origin.push_index())
    (workspace.tree / "vendor/file").touch()
    assert await workspace.snapshot() == run_git(origin.clone, "rev-parse", "HEAD^{tree}")


async def test_a_restored_tree_is_swept_of_all_else(workspace: GitWorkspace, base: Sha):
    (workspace.tree / "trace.log").touch()
    (workspace.tree / "half").write_text("half-done\n")
    await workspace.restore(base)
    names = sorted(path.name for path in workspace.tree.iterdir())
    assert names == [".git", ".gitignore", "README", "link", "src", "tool"]


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: name.strip(". ") != "" and "git" not in name.lower()
)
TREES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.tuples(st.binary(max_size=40), st.booleans()), max_size=6
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=TREES)
def test_whatever_is_snapshotted_is_restored_as_it_was(
    files: dict[str, tuple[bytes, bool]], tmp_path_factory: pytest.TempPathFactory
):
    async def there_and_back() -> None:
        workspace = await empty_workspace(tmp_path_factory.mktemp("round"))
        write(workspace.tree, files)
        before = seen(workspace.tree)
        tree = await workspace.snapshot()
        await workspace.restore(tree)
        assert seen(workspace.tree) == before
        assert await workspace.snapshot() == tree

    asyncio.run(there_and_back())


async def empty_workspace(folder: Path) -> GitWorkspace:
    run_git(folder, "init", "--quiet", "--bare", "mirror.git")
    mirror = folder / "mirror.git"
    nothing = run_git(mirror, "hash-object", "-w", "-t", "tree", "/dev/null")
    base = Sha(run_git(mirror, "commit-tree", nothing, "-m", "first"))
    plant(folder / "run/git", base, str(mirror / "objects"))
    workspace = GitWorkspace(folder / "run", mirror, None)
    await workspace.restore(base)
    return workspace


def write(tree: Path, files: dict[str, tuple[bytes, bool]]) -> None:
    for name, (content, executable) in files.items():
        path = tree / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError:  # one file is named as the folder of another
            continue
        path.chmod(0o755 if executable else 0o644)


def seen(tree: Path) -> dict[str, tuple[bytes, bool]]:
    files = [path for path in tree.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {str(path.relative_to(tree)): (path.read_bytes(), bool(path.stat().st_mode & 0o100)) for path in files}
