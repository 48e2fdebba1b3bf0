"""Repositories that attack whoever clones them: what the commit may hold at which a run begins.

Each base is built object by object, since git itself would refuse to make most of them. It has the files of the sample
repository, so that a run can begin, and its own entries on top.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from git_origin import run_git

CHECKED_OUT = "Git checks nothing out that leaves the tree, and the run says so"
KEPT = "Content is data to the host: it is checked out byte for byte, and nothing in it is followed"
NAMED = "References are asked for by their full names, never as options"

GITLINK = "160000"
SYMLINK = "120000"


@dataclass(frozen=True)
class Base:
    """`refused` is what the run says where it cannot be checked out; empty where the run can begin.

    `HOST` in a content stands for a folder of the host with a program, a secret and another folder in it.
    """

    name: str
    tries: str
    stop: str
    entries: tuple[tuple[str, bytes, bytes], ...]
    """Mode, path and content; a gitlink's content is a commit."""
    refused: str = ""
    refs: tuple[str, ...] = ()
    """More references to the same commit."""
    sound: bool = True
    """False where the tree holds one name twice, so that no checkout can be equal to it."""


def _file(path: str, content: str = "evil = 1\n") -> tuple[str, bytes, bytes]:
    return "100644", os.fsencode(path), content.encode()


def _link(path: str, target: str) -> tuple[str, bytes, bytes]:
    return SYMLINK, os.fsencode(path), target.encode()


def _submodule(name: str, tries: str, url: str, section: str = "vendor", more: str = "") -> Base:
    modules = f'[submodule "{section}"]\n\tpath = vendor\n\turl = {url}\n{more}'
    return Base(name, tries, KEPT, (_file(".gitmodules", modules), (GITLINK, b"vendor", b"1" * 40)))


def _unfit(name: str, tries: str, path: str) -> Base:
    return Base(name, tries, CHECKED_OUT, (_file(path, "#!/bin/sh\nexec HOST/program\n"),), refused="invalid path")


BASES = (
    _submodule("base with a submodule by a command", "fetches a submodule by a command", "ext::HOST/program"),
    _submodule("base with a submodule of the host", "fetches a submodule from a folder of the host", "file://HOST"),
    _submodule("base with a submodule that climbs", "names a submodule `../../hooks`", "./x", "../../hooks"),
    _submodule(
        "base with a submodule like an option",
        "gives a submodule an address like an option",
        "--upload-pack=HOST/program",
        more="\tupdate = !HOST/program\n\tignore = all\n",
    ),
    Base(
        "base with a lonely gitlink", "holds a gitlink without `.gitmodules`", KEPT, ((GITLINK, b"vendor", b"1" * 40),)
    ),
    _unfit("base with hooks", "holds `.git/hooks/post-checkout`", ".git/hooks/post-checkout"),
    _unfit("base with git in capitals", "holds `.GIT/config`", ".GIT/config"),
    _unfit("base with git spelled short", "holds `git~1/config`", "git~1/config"),
    _unfit("base with git and a zero-width character", "holds `.git` with U+200C in it", ".g\u200cit/config"),
    _unfit("base with a nested repository", "holds `slugs/.git/config`", "slugs/.git/config"),
    _unfit("base that climbs", "holds `../evil`", "../evil"),
    Base(
        "base with a file behind a link",
        "holds a link to a folder of the host, and a file of that folder",
        CHECKED_OUT,
        (_link("way", "HOST/outside"), _file("way/slugs.py")),
        sound=False,
    ),
    Base(
        "base with links to the host",
        "holds links to a key file, to the root and to the kernel's files",
        KEPT,
        (_link("key", "HOST/secret.pem"), _link("root", "/"), _link("self", "/proc/self/root")),
    ),
    Base(
        "base with filters",
        "names filters, diff and merge programs in its attributes",
        KEPT,
        (
            _file(
                ".gitattributes", "* filter=lfs diff=evil merge=evil ident text eol=crlf working-tree-encoding=UTF-16\n"
            ),
            _file(".lfsconfig", "[lfs]\n\turl = file://HOST\n"),
        ),
    ),
    Base(
        "base with attributes by link",
        "links its attributes and ignore rules to the host",
        KEPT,
        (
            _link(".gitattributes", "HOST/secret.pem"),
            _link(".gitignore", "HOST/secret.pem"),
            _link(".mailmap", "HOST/secret.pem"),
        ),
    ),
    Base(
        "base with names like options",
        "names files like options, patterns and escapes",
        KEPT,
        (
            _file("--output=evil"),
            _file("-rf"),
            _file(":(exclude)slugs"),
            _file("a\nb"),
            _file("\x1b[2J"),
            _file("\u202etxt"),
        ),
    ),
    Base(
        "base with names that differ by case",
        "holds `readme.md` beside `README.md`",
        KEPT,
        (_file("readme.md"), _file("SLUGS/text.py")),
    ),
    Base(
        "base with a name that is not text",
        "holds a name that is not UTF-8",
        KEPT,
        (("100644", b"caf\xe9", b"evil = 1\n"),),
    ),
    Base(
        "base with references like options",
        "names branches and tags like options and commands",
        NAMED,
        (),
        refs=(
            "refs/heads/--upload-pack=evil",
            "refs/tags/-x",
            "refs/heads/a;evil",
            "refs/heads/$(evil)",
            "refs/pull/1/head",
        ),
    ),
)


def build(base: Base, sample: Path, into: Path, host: Path, files: Mapping[str, str]) -> Path:
    """A bare repository at `into` whose `main` is this base: the sample's files, `files`, and its own entries."""
    into.mkdir(parents=True)
    run_git(into, "init", "--quiet", "--bare", "--initial-branch=main")
    entries = {
        os.fsencode(path.relative_to(sample)): ("100644", path.read_bytes())
        for path in sample.rglob("*")
        if path.is_file()
    }
    entries |= {os.fsencode(name): ("100644", text.encode()) for name, text in files.items()}
    entries |= {path: (mode, content.replace(b"HOST", os.fsencode(host))) for mode, path, content in base.entries}
    commit = run_git(into, "commit-tree", _tree(into, entries), "-m", "feat: slugs")
    for name in ("refs/heads/main", *base.refs):
        run_git(into, "update-ref", name, commit)
    return into


def _tree(repository: Path, entries: Mapping[bytes, tuple[str, bytes]]) -> str:
    """A tree object, of which nothing is checked: two entries may have one name."""
    files = [
        (name, mode, _blob(repository, mode, content)) for name, (mode, content) in entries.items() if b"/" not in name
    ]
    folders: dict[bytes, dict[bytes, tuple[str, bytes]]] = {}
    for path, entry in entries.items():
        first, below, rest = path.partition(b"/")
        if below:
            folders.setdefault(first, {})[rest] = entry
    found = [*files, *((name, "40000", _tree(repository, below)) for name, below in folders.items())]
    raw = b"".join(b"%s %s\0" % (mode.encode(), name) + bytes.fromhex(sha) for name, mode, sha in _ordered(found))
    return run_git(repository, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)


def _ordered(found: Iterable[tuple[bytes, str, str]]) -> list[tuple[bytes, str, str]]:
    """As git sorts: a folder as if its name ended with a slash."""
    return sorted(found, key=lambda entry: entry[0] + (b"/" if entry[1] == "40000" else b""))


def _blob(repository: Path, mode: str, content: bytes) -> str:
    if mode == GITLINK:
        return content.decode()
    return run_git(repository, "hash-object", "-w", "--stdin", stdin=content)
