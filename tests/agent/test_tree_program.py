"""The file tools, as the program that runs inside the box: asked over stdin, by a bare Python."""

import ast
import json
import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.bubblewrap import Bubblewrap
from core.boxes import Command

PROGRAM = files("jobs.agent").joinpath("tree_program.py").read_text()
DEFAULTS: dict[str, dict[str, Any]] = {
    "read": {"start": 1, "lines": 400},
    "list": {"path": "."},
    "search": {"path": "."},
    "edit": {"all": False},
    "write": {},
}


class Tree:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = os.environ["PATH"]

    def ask(self, tool: str, **arguments: Any) -> tuple[bool, str]:
        asked = {"tool": tool, "root": "/repo", **DEFAULTS[tool], **arguments}
        done = subprocess.run(
            [sys.executable, "-I", "-c", PROGRAM],
            input=json.dumps(asked),
            cwd=self.root,
            env={"PATH": self.path},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        answer = json.loads(done.stdout)
        return answer["ok"], answer["text"]

    def put(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return file


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    root = tmp_path / "repo"
    root.mkdir()
    (tmp_path / "secret").write_text("outside")
    return Tree(root)


HOSTILE = ["../secret", "/etc/hostname", "a/../../secret", "link", "folder/secret", "/repo/../secret", "chain"]


@pytest.mark.parametrize("tool", ["read", "edit", "write", "search", "list"])
@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_leaves_the_tree_is_refused(tree: Tree, tool: str, path: str) -> None:
    (tree.root / "link").symlink_to("../secret")
    (tree.root / "folder").symlink_to("..")
    (tree.root / "chain").symlink_to("link")
    (tree.root / "a").mkdir()
    more = {"edit": {"old": "outside", "new": "in"}, "write": {"content": "in"}, "search": {"pattern": "outside"}}
    ok, text = tree.ask(tool, path=path, **more.get(tool, {}))
    assert not ok
    assert text in {
        f"`{path.removeprefix('/repo/')}` leads out of the repository.",
        f"`{path}` is not a path relative to the repository's root.",
    }
    assert (tree.root.parent / "secret").read_text() == "outside"


def test_a_search_of_the_whole_tree_does_not_follow_a_link_out_of_it(tree: Tree) -> None:
    (tree.root / "folder").symlink_to("..")
    assert tree.ask("search", pattern="outside") == (True, "[no match]")


@pytest.mark.parametrize("path", [".git/config", "sub/.git", ".GIT/hooks/post-checkout"])
@pytest.mark.parametrize("tool", ["read", "write"])
def test_the_git_folder_is_not_part_of_the_tree(tree: Tree, tool: str, path: str) -> None:
    more = {"content": "x"} if tool == "write" else {}
    assert tree.ask(tool, path=path, **more) == (False, "`.git` is not part of the repository's files.")


def test_a_link_within_the_tree_is_followed_and_stays_a_link(tree: Tree) -> None:
    tree.put("docs/readme.md", "old\n")
    (tree.root / "README.md").symlink_to("docs/readme.md")
    assert tree.ask("edit", path="README.md", old="old", new="new") == (True, "Replaced once in `README.md`.")
    assert (tree.root / "README.md").is_symlink()
    assert (tree.root / "docs/readme.md").read_text() == "new\n"


def test_a_path_below_the_boxs_own_name_of_the_tree_is_understood(tree: Tree) -> None:
    tree.put("a.py", "x")
    assert tree.ask("read", path="/repo/a.py") == (True, "1\tx")


def test_a_named_pipe_is_refused_and_not_waited_for(tree: Tree) -> None:
    os.mkfifo(tree.root / "pipe")
    assert tree.ask("read", path="pipe") == (False, "`pipe` is not a regular file.")


def test_lines_are_numbered_and_the_rest_is_announced(tree: Tree) -> None:
    tree.put("a.txt", "one\ntwo\nthree\n")
    assert tree.ask("read", path="a.txt", start=2, lines=1) == (
        True,
        "2\ttwo\n[1 of 3 lines shown; go on with start=3]",
    )
    assert tree.ask("read", path="a.txt", start=9) == (False, "`a.txt` has only 3 lines.")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("missing.py", "`missing.py` does not exist."),
        (".", "`.` is a folder; use `list`."),
        ("src", "`src` is a folder; use `list`."),
        ("binary", "`binary` is not a text file."),
        ("latin", "`latin` is not UTF-8 text."),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tree: Tree, path: str, why: str) -> None:
    (tree.root / "src").mkdir()
    (tree.root / "binary").write_bytes(b"a\0b")
    (tree.root / "latin").write_bytes(b"caf\xe9")
    assert tree.ask("read", path=path) == (False, why)


def test_an_edit_that_fits_twice_names_the_lines_and_changes_nothing(tree: Tree) -> None:
    file = tree.put("a.py", "x = 1\ny = 2\nx = 1\n")
    assert tree.ask("edit", path="a.py", old="x = 1", new="x = 3") == (
        False,
        "`old` stands 2 times in `a.py` (lines 1, 3). Give more of the text around it, or set `all` to true.",
    )
    assert file.read_text() == "x = 1\ny = 2\nx = 1\n"
    assert tree.ask("edit", path="a.py", old="x = 1", new="x = 3", all=True) == (True, "Replaced 2 times in `a.py`.")
    assert file.read_text() == "x = 3\ny = 2\nx = 3\n"


def test_an_edit_that_does_not_fit_shows_the_nearest_text(tree: Tree) -> None:
    tree.put("a.py", "def f():\n    return 1\n")
    assert tree.ask("edit", path="a.py", old="return  1", new="return 2") == (
        False,
        "`old` is not in `a.py`. The nearest text is:\n2\t    return 1",
    )


def test_an_edit_keeps_permissions_and_the_files_own_line_ends(tree: Tree) -> None:
    file = tree.put("run.sh", "#!/bin/sh\r\necho a\r\necho b\r\n")
    file.chmod(0o755)
    assert tree.ask("edit", path="run.sh", old="echo a\necho b", new="echo c\necho d")[0]
    assert file.read_bytes() == b"#!/bin/sh\r\necho c\r\necho d\r\n"
    assert file.stat().st_mode & 0o777 == 0o755


def test_a_write_makes_folders_and_leaves_nothing_else(tree: Tree) -> None:
    assert tree.ask("write", path="a/b/c.py", content="1\n") == (True, "Created `a/b/c.py` (1 lines).")
    assert tree.ask("write", path="a/b/c.py", content="2\n") == (True, "Replaced `a/b/c.py` (1 lines).")
    assert [path.name for path in (tree.root / "a/b").iterdir()] == ["c.py"]


def test_a_folder_is_listed_with_what_is_in_it(tree: Tree) -> None:
    for path in ("src/a.py", "src/deep/b.py", "README.md", ".git/config", "node_modules/x/y.js"):
        tree.put(path, "")
    assert tree.ask("list") == (
        True,
        "README.md\nnode_modules/\nsrc/\nsrc/a.py\nsrc/deep/\nsrc/deep/b.py",
    )


def test_a_folder_with_too_many_entries_stays_closed(tree: Tree) -> None:
    for number in range(400):
        tree.put(f"many/{number:03}.txt", "")
    tree.put("a.py", "")
    assert tree.ask("list") == (True, "a.py\nmany/")
    ok, text = tree.ask("list", path="many")
    assert ok
    assert text.endswith("299.txt\n[100 more]")


def without_ripgrep(tree: Tree, tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    tree.path = str(empty)


@pytest.mark.parametrize("engine", ["ripgrep", "python"])
def test_a_search_names_path_line_and_text(tree: Tree, tmp_path: Path, engine: str) -> None:
    if engine == "python":
        without_ripgrep(tree, tmp_path)
    tree.put("src/b.py", "def slug(text):\n    pass\n")
    tree.put("a.py", "slug(1)\n")
    tree.put(".git/x", "slug")
    tree.put("--version", "nothing\n")
    assert tree.ask("search", pattern=r"slug\(") == (True, "a.py:1:slug(1)\nsrc/b.py:1:def slug(text):")
    assert tree.ask("search", pattern="slug", path="src") == (True, "src/b.py:1:def slug(text):")
    assert tree.ask("search", pattern="slug", path="a.py") == (True, "a.py:1:slug(1)")
    assert tree.ask("search", pattern="absent") == (True, "[no match]")
    assert tree.ask("search", pattern="--version") == (True, "[no match]")
    ok, text = tree.ask("search", pattern="(")
    assert not ok
    assert "(" in text


def test_ripgrep_is_there_for_this_test() -> None:
    assert shutil.which("rg"), "install ripgrep: scripts/system-packages does"


def test_the_program_is_written_for_the_python_of_older_systems() -> None:
    ast.parse(PROGRAM, feature_version=(3, 9))


async def test_the_program_runs_on_the_sandboxs_own_python(tree: Tree) -> None:
    tree.put("a.py", "x = 1\n")
    box = Bubblewrap().open(tree.root)
    asked = {"tool": "edit", "root": "/repo", "path": "a.py", "old": "x = 1", "new": "x = 2", "all": False}
    result = await box.run(Command(argv=("python3", "-I", "-c", PROGRAM), stdin=json.dumps(asked).encode()))
    await box.kill()
    assert json.loads(result.text) == {"ok": True, "text": "Replaced once in `a.py`."}
    assert (tree.root / "a.py").read_text() == "x = 2\n"
