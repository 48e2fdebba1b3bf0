"""The agent's file tools, as they run inside the box: one question as JSON on stdin, one answer as JSON on stdout.

This file is handed to the box's own `python3 -I -c` as text. It imports the standard library alone and runs on
Python 3.9. Nothing outside imports it: what it opens is opened inside the box, relative to the working folder.
"""

# The safe way through the tree goes by folder descriptors, which pathlib does not know.
# ruff: noqa: PTH113, PTH117, PTH118, PTH206

from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
import secrets
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

LONGEST_FILE = 2_000_000
LONGEST_LINE = 1_000
MOST_ENTRIES = 300
MOST_MATCHES = 200
SEARCH_SECONDS = 30
CLOSED = frozenset({"__pycache__", "node_modules", ".venv", ".tox", ".mypy_cache", ".pytest_cache", ".ruff_cache"})


class Refused(Exception):
    """What was asked cannot be done; the text is for the model."""


def resolve(path: str, root: str) -> list[str]:
    """The path's parts below the working folder, links followed. Refuses what leaves it, and `.git`."""
    top = os.path.realpath(".")
    if path == root or path.startswith(root + "/"):
        path = path[len(root) + 1 :] or "."
    if os.path.isabs(path) or "\0" in path:
        raise Refused(f"`{path}` is not a path relative to the repository's root.")
    real = os.path.realpath(os.path.join(top, path))
    if real != top and not real.startswith(top + os.sep):
        raise Refused(f"`{path}` leads out of the repository.")
    parts = [] if real == top else os.path.relpath(real, top).split(os.sep)
    if any(part.lower() == ".git" for part in parts):
        raise Refused("`.git` is not part of the repository's files.")
    return parts


def open_folder(parts: list[str], make: bool = False) -> int:
    """A descriptor of the folder, reached step by step without following a link that came up in the meantime."""
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    for part in parts:
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=here)
        try:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
        finally:
            os.close(here)
        here = below
    return here


def load(path: str, parts: list[str]) -> str:
    """The file's text, line ends as they are."""
    if not parts:
        raise Refused(f"`{path}` is a folder; use `list`.")
    folder = open_folder(parts[:-1])
    try:
        # Without O_NONBLOCK a named pipe would wait for its writer for ever.
        file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        found = os.fstat(file)
        if stat.S_ISDIR(found.st_mode):
            raise Refused(f"`{path}` is a folder; use `list`.")
        if not stat.S_ISREG(found.st_mode):
            raise Refused(f"`{path}` is not a regular file.")
        if found.st_size > LONGEST_FILE:
            raise Refused(f"`{path}` has {found.st_size} bytes, too many for this tool; use `search`.")
        with os.fdopen(file, "rb", closefd=False) as opened:
            raw = opened.read()
    finally:
        os.close(file)
    if b"\0" in raw:
        raise Refused(f"`{path}` is not a text file.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"`{path}` is not UTF-8 text.") from None


def store(path: str, parts: list[str], text: str) -> None:
    """Put the text in the file's place in one move, permissions kept: a crash leaves the old file or the new one."""
    if not parts:
        raise Refused(f"`{path}` is a folder.")
    folder = open_folder(parts[:-1], make=True)
    try:
        mode = 0o644
        try:
            found = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode):
                raise Refused(f"`{path}` is not a regular file.")
            mode = stat.S_IMODE(found.st_mode)
        except FileNotFoundError:
            pass
        beside = f".{parts[-1][:100]}.{secrets.token_hex(4)}"
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
        try:
            with os.fdopen(file, "wb") as opened:
                opened.write(text.encode("utf-8"))
                os.fchmod(file, mode)
            os.replace(beside, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(beside, dir_fd=folder)
            raise
    finally:
        os.close(folder)


def read(asked: dict[str, Any]) -> str:
    text = load(asked["path"], resolve(asked["path"], asked["root"]))
    lines = text.removesuffix("\n").split("\n") if text else []
    first = asked["start"]
    if first > max(len(lines), 1):
        raise Refused("`{}` has only {} lines.".format(asked["path"], len(lines)))
    last = min(len(lines), first + asked["lines"] - 1)
    shown = [f"{number}\t{short(lines[number - 1])}" for number in range(first, last + 1)]
    if last < len(lines):
        shown.append(f"[{last - first + 1} of {len(lines)} lines shown; go on with start={last + 1}]")
    return "\n".join(shown) or "[the file is empty]"


def short(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} [… {len(line)} more characters]"


def listing(asked: dict[str, Any]) -> str:
    """Everything below the folder, level by level, as long as it stays short; what is not opened ends with a slash."""
    parts = resolve(asked["path"], asked["root"])
    os.close(open_folder(parts))
    shown: dict[tuple[str, ...], list[str]] = {(): entries(parts)}
    total = len(shown[()])
    waiting: list[tuple[str, ...]] = [(name,) for name in shown[()] if opens(name)]
    while waiting:
        below = waiting.pop(0)
        found = entries([*parts, *(name.rstrip("/") for name in below)])
        if total + len(found) > MOST_ENTRIES:
            continue
        shown[below] = found
        total += len(found)
        waiting += [(*below, name) for name in found if opens(name)]
    lines: list[str] = []

    def add(above: tuple[str, ...]) -> None:
        for name in shown[above][:MOST_ENTRIES]:
            lines.append("".join((*above, name)))
            if (*above, name) in shown:
                add((*above, name))

    add(())
    if len(shown[()]) > MOST_ENTRIES:
        lines.append(f"[{len(shown[()]) - MOST_ENTRIES} more]")
    return "\n".join(lines) or "[the folder is empty]"


def opens(name: str) -> bool:
    return name.endswith("/") and name.rstrip("/") not in CLOSED


def entries(parts: list[str]) -> list[str]:
    folder = open_folder(parts)
    try:
        with os.scandir(folder) as found:
            return sorted(
                entry.name + ("/" if entry.is_dir(follow_symlinks=False) else "@" if entry.is_symlink() else "")
                for entry in found
                if entry.name.lower() != ".git"
            )
    finally:
        os.close(folder)


def search(asked: dict[str, Any]) -> str:
    parts = resolve(asked["path"], asked["root"])
    where = "/".join(parts) or "."
    if not os.path.lexists(where):
        raise FileNotFoundError
    look = with_ripgrep if shutil.which("rg") else with_python
    matches = look(asked["pattern"], where)
    shown = [short(line) for line in matches[:MOST_MATCHES]]
    if len(matches) > MOST_MATCHES:
        shown.append(f"[{len(matches) - MOST_MATCHES} more; search for something narrower]")
    return "\n".join(shown) or "[no match]"


def with_ripgrep(pattern: str, where: str) -> list[str]:
    argv = ["rg", "--no-config", "--line-number", "--with-filename", "--no-heading", "--color=never", "--hidden"]
    argv += ["--sort=path", f"--max-columns={LONGEST_LINE}", "--max-columns-preview", "--glob=!.git"]
    argv += ["--regexp", pattern, "--", where]
    try:
        found = subprocess.run(argv, capture_output=True, timeout=SEARCH_SECONDS, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise Refused(f"The search took longer than {SEARCH_SECONDS} seconds.") from None
    if found.returncode == 2 and not found.stdout:
        raise Refused(found.stderr.decode("utf-8", "replace").strip()[:2_000])
    lines = found.stdout.decode("utf-8", "replace").splitlines()
    return [line.removeprefix("./") for line in lines]


def with_python(pattern: str, where: str) -> list[str]:
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise Refused(f"`{pattern}` is not a regular expression: {error}.") from None
    matches = []
    for path in [where] if os.path.isfile(where) else text_files(where):
        try:
            text = load(path, os.path.normpath(path).split(os.sep))
        except (Refused, OSError):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if wanted.search(line):
                matches.append(f"{os.path.normpath(path)}:{number}:{line}")
    return matches


def text_files(where: str) -> Iterator[str]:
    for folder, folders, names in os.walk(where):
        folders[:] = sorted(name for name in folders if name.lower() != ".git" and name not in CLOSED)
        for name in sorted(names):
            yield os.path.join(folder, name)


def edit(asked: dict[str, Any]) -> str:
    path, old, new = asked["path"], asked["old"], asked["new"]
    parts = resolve(path, asked["root"])
    text = load(path, parts)
    if "\r\n" in text and "\r\n" not in old:
        # The model saw lines; the file keeps its own line ends.
        old, new = old.replace("\n", "\r\n"), new.replace("\r\n", "\n").replace("\n", "\r\n")
    if old == new:
        raise Refused("`old` and `new` are the same.")
    times = text.count(old)
    if times == 0:
        if new and text.count(new) == 1:
            return f"`{path}` already says `new` and nowhere `old`: nothing to do."
        raise Refused(f"`old` is not in `{path}`.{nearest(old, text)}")
    if times > 1 and not asked["all"]:
        raise Refused(
            "`old` stands {} times in `{}` (lines {}). Give more of the text around it, or set `all` to true.".format(
                times, path, ", ".join(map(str, places(old, text)[:20]))
            )
        )
    store(path, parts, text.replace(old, new))
    return "Replaced {} in `{}`.".format("once" if times == 1 else f"{times} times", path)


def places(old: str, text: str) -> list[int]:
    found, at = [], text.find(old)
    while at >= 0:
        found.append(text.count("\n", 0, at) + 1)
        at = text.find(old, at + len(old))
    return found


def nearest(old: str, text: str) -> str:
    """Where something like it stands, so that the next try can be right."""
    lines = text.split("\n")
    first = next((line for line in old.splitlines() if line.strip()), "")
    loose = [number for number, line in enumerate(lines, 1) if first.strip() and line.strip() == first.strip()]
    if not loose:
        close = difflib.get_close_matches(first, lines[:20_000], n=1, cutoff=0.6)
        loose = [lines.index(close[0]) + 1] if close else []
    if not loose:
        return " Read the file again."
    start = loose[0]
    around = lines[start - 1 : start - 1 + max(1, len(old.splitlines()))][:40]
    shown = "\n".join(f"{start + offset}\t{short(line)}" for offset, line in enumerate(around))
    return f" The nearest text is:\n{shown}"


def write(asked: dict[str, Any]) -> str:
    path, content = asked["path"], asked["content"]
    parts = resolve(path, asked["root"])
    existed = os.path.lexists(os.path.join(*parts)) if parts else True
    store(path, parts, content)
    return "{} `{}` ({} lines).".format("Replaced" if existed else "Created", path, len(content.splitlines()))


TOOLS = {"read": read, "list": listing, "search": search, "edit": edit, "write": write}


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"ok": True, "text": TOOLS[asked["tool"]](asked)}
    except Refused as refused:
        return {"ok": False, "text": str(refused)}
    except FileNotFoundError:
        return {"ok": False, "text": "`{}` does not exist.".format(asked["path"])}
    except OSError as error:
        return {"ok": False, "text": "`{}`: {}.".format(asked["path"], error.strerror or "cannot be used")}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin))))
