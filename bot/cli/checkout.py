"""What a checkout on this machine says: its workflows, its policy, and how it is tested. Nothing in it is run.

Links are not followed: the checkout may be anybody's.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from core.documents import MAX_BYTES
from core.workflow.catalogue import FOLDER, STEPS, SUFFIX, Catalogue, Entry, File, by_itself
from jobs.sources import of_files, too_much
from jobs.workflows import built_in
from policies.detect import Detected, detect, may_tell

MOST_FILES = 100_000
MANIFEST_BYTES = 200_000
POLICY = ".github/pullwright.yml"


def workflows_of(repo: Path | None) -> Catalogue:
    """The built-in workflows, and those of the checkout as they would be read of its default branch."""
    return workflows_in(repo / FOLDER) if repo is not None else _of([])


def workflows_in(folder: Path) -> Catalogue:
    """The built-in workflows, and those of this folder, with the composite steps of the folder beside it."""
    found: list[File] = []
    total = 0
    folders = (folder, folder.with_name(Path(STEPS).name))
    listed = [path for place in folders if place.is_dir() for path in sorted(place.iterdir())]
    for number, path in enumerate((path for path in listed if path.name.endswith(SUFFIX)), start=1):
        size = path.lstat().st_size
        total += min(size, MAX_BYTES + 1)
        raw = regular(path, MAX_BYTES)
        why = too_much(number, size, total) or ("" if raw is not None else "this is not a file")
        found.append(_file(str(path), raw, why))
    return _of(found)


def policy_text(repo: Path) -> str | None:
    """The text of the checkout's policy file; None where there is none."""
    raw = regular(repo / POLICY, MAX_BYTES + 1)
    return raw.decode("utf-8", "replace") if raw is not None else None


def detected(repo: Path) -> Detected:
    """How the checkout is tested, where its policy does not say so."""

    def read(path: str) -> str | None:
        raw = regular(repo / path, MANIFEST_BYTES) if may_tell(path) else None
        return raw.decode("utf-8", "replace") if raw is not None else None

    return detect(sorted(_paths(repo)), read)


def regular(path: Path, limit: int) -> bytes | None:
    """The beginning of an ordinary file; None where the path is anything else."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as file:
            return file.read(limit)
    except OSError:
        return None


def _file(path: str, raw: bytes | None, why: str) -> File:
    if why or raw is None:
        return File(path, None, why)
    try:
        return File(path, raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return File(path, None, "the file is not UTF-8")


def _of(files: list[File]) -> Catalogue:
    return of_files(files)


def _paths(repo: Path) -> Iterator[str]:
    """The paths of the checkout, as many as a look is worth."""
    count = 0
    for folder, below, names in os.walk(repo):
        below[:] = [name for name in below if name != ".git"]
        for name in names:
            count += 1
            if count > MOST_FILES:
                return
            yield (Path(folder) / name).relative_to(repo).as_posix()


def alone(path: Path) -> Entry:
    """A file by itself, whatever it is called and whatever else there is but the built-in workflows."""
    raw = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b" " * (MAX_BYTES + 1)
    return by_itself(built_in(), str(path), raw.decode("utf-8", "replace"))
