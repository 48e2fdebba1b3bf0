"""Where workflows come from: those that ship with the bot, a repository's own at a commit of its default branch, and
those of its owner, at the commit that the default branch of the owner's `.github` repository has.

What was read of a repository is kept in a file of the data folder, since every job begins in a fresh process: a
delivery asks GitHub for nothing while the default branch stands still, and only for what changed when it moved. The
file is a cache: it may be lost, and is read anew where it cannot be understood.
"""

import asyncio
import posixpath
import secrets
from pathlib import Path

import structlog
from pydantic import ValidationError

from adapters import caches
from core.documents import MAX_BYTES
from core.errors import NotInstalled, NotThere
from core.facts import ConfigFiles, ConfigQuery
from core.github import FileFacts, GitHub, RepositoryFacts
from core.names import Repo, Sha, Value
from core.workflow.catalogue import (
    FOLDER,
    OWNERS,
    STEPS,
    SUFFIX,
    Catalogue,
    File,
    Layer,
    catalogue,
    in_owners,
    is_owners,
)
from handlers.verbs import VERBS
from jobs.services import Services
from jobs.workflows import built_in
from policies.schema import OWNERS_PATH, PATH

OWN_FOLDERS = (FOLDER, STEPS)
OWNERS_FOLDERS = tuple(in_owners(folder) for folder in OWN_FOLDERS)

SOURCES = "sources"
"""The folder, in the data folder, of what was read of each repository."""
MOST_FILES = 50
MOST_BYTES = 1024 * 1024
"""Of all files together: each is read again for every order, and YAML is slow to read."""

log = structlog.get_logger()


class _Text(Value):
    path: str
    blob: Sha
    text: str | None
    why: str = ""


class _Kept(Value):
    """The files as they were at a commit."""

    sha: Sha
    files: tuple[_Text, ...]


async def workflows_at(services: Services, github: GitHub, repo: Repo, sha: Sha) -> Catalogue:
    """What may be started in this repository, with its own files as they are at this commit.

    Raises what GitHub raises: a file that cannot be read just now is not one that is not there.
    """
    own = await _kept(services, github, sha, _own(repo), OWN_FOLDERS)
    theirs, origin = await _of_owner(services, repo)
    return of_files([*theirs, *(File(one.path, one.text, one.why) for one in own.files)], origin)


async def _of_owner(services: Services, repo: Repo) -> tuple[list[File], tuple[str, ...]]:
    """The files of the owner's `.github` repository, and where they were read; nothing where there is none for us."""
    beside = await services.github.beside(repo, OWNERS) if not is_owners(repo.name) else None
    if beside is None:
        return [], ()
    github = services.github.repository(beside)
    try:
        sha = await github.head_of((await github.repository()).default_branch)
    except (NotInstalled, NotThere):
        return [], ()  # it was taken away a moment ago
    if sha is None:
        return [], ()
    kept = await _kept(services, github, sha, f"{beside.id}-owner.json", OWNERS_FOLDERS)
    shown = f"{repo.owner}/{OWNERS}"
    files = [File(f"{shown}/{one.path}", one.text, one.why, Layer.owner) for one in kept.files]
    return files, (f"{shown}@{sha}",)


async def _kept(services: Services, github: GitHub, sha: Sha, name: str, folders: tuple[str, ...]) -> _Kept:
    """The files as they are at the commit: from the cache where it has them."""
    place = _place(services, name)
    kept = await asyncio.to_thread(_load, place)
    if kept is None or kept.sha != sha:
        kept = _Kept(sha=sha, files=await _read(github, sha, kept.files if kept is not None else (), folders))
        await asyncio.to_thread(_store, place, kept)
    return kept


async def config_at(
    services: Services, github: GitHub, repo: Repo, repository: RepositoryFacts, query: ConfigQuery
) -> ConfigFiles | None:
    """Our own files at a commit; None where they are what they were before. What lies deeper is not ours.

    Raises NotThere where GitHub does not show the commit.
    """
    owners = is_owners(repo.name)
    now = await _listed(github, query.sha, owners)
    if not now and await github.head_of(query.branch) != query.sha:
        # Nothing there, and not yet or no more the branch's: it cannot be told from a commit that is not shown yet.
        raise NotThere(f"GitHub does not show {query.sha[:12]} on `{query.branch}`.")
    if not query.touched:
        before = query.before
        if before is None and query.branch != repository.default_branch:
            before = await github.head_of(repository.default_branch)
        there = await _listed(github, before, owners) if before is not None else {}
        if there == now:
            return None
    kept = await asyncio.to_thread(_load, _place(services, _own(repo)))
    read = await _read(github, query.sha, kept.files if kept is not None else ())
    found = [File(one.path, one.text, one.why) for one in read]
    theirs, origin = await _of_owner(services, repo)
    if owners:
        read = await _read(github, query.sha, (), OWNERS_FOLDERS)
        theirs = [File(one.path, one.text, one.why, Layer.owner) for one in read]
    return ConfigFiles(
        query.sha,
        await _policy(github, query.sha, PATH),
        of_files([*theirs, *found], origin),
        services.operator.policy,
        owners=owners,
        owners_policy=await _policy(github, query.sha, OWNERS_PATH) if owners else None,
    )


async def _listed(github: GitHub, sha: Sha, owners: bool) -> dict[str, Sha]:
    """The content of each file of ours, by its path, without reading any."""
    folders = [*OWN_FOLDERS, *(OWNERS_FOLDERS if owners else ())]
    within = [file for place in folders for file in await github.files_in(place, sha)]
    ours = [file for file in within if file.path.endswith(SUFFIX)]
    for path in (PATH, OWNERS_PATH) if owners else (PATH,):
        ours += [file for file in await github.files_in(posixpath.dirname(path), sha) if file.path == path]
    return {file.path: file.blob for file in ours}


async def _policy(github: GitHub, sha: Sha, path: str) -> File | None:
    """The policy file as `read_policy` would decode it, unless it is too large to be one."""
    above = await github.files_in(posixpath.dirname(path), sha)
    listed = next((file for file in above if file.path == path), None)
    if listed is not None and listed.bytes > MAX_BYTES:
        return File(path, None, f"the file is larger than {MAX_BYTES // 1024} KiB")
    raw = await github.file(path, sha)
    return File(path, raw.decode("utf-8", "replace")) if raw is not None else None


def preload() -> None:
    """Read the built-in workflows, so that no process forked from this one has to."""
    of_files([])


def of_files(own: list[File], origins: tuple[str, ...] = ()) -> Catalogue:
    """The built-in workflows and these files of a repository's own and its owner's."""
    return catalogue(built_in(), own, reserved=VERBS, origins=origins)


async def _read(
    github: GitHub, sha: Sha, known: tuple[_Text, ...], folders: tuple[str, ...] = OWN_FOLDERS
) -> tuple[_Text, ...]:
    """Every file of these folders at the commit. One with the content that is known already is not asked for again."""
    found_in = [file for folder in folders for file in await github.files_in(folder, sha)]
    listed = [file for file in found_in if file.path.endswith(SUFFIX)]
    same = {(one.path, one.blob): one for one in known if one.text is not None}
    found: list[_Text] = []
    total = 0
    for number, file in enumerate(listed, start=1):
        total += min(file.bytes, MAX_BYTES + 1)
        if why := too_much(number, file.bytes, total):
            found.append(_Text(path=file.path, blob=file.blob, text=None, why=why))
        else:
            found.append(same.get((file.path, file.blob)) or await _text(github, file, sha))
    return tuple(found)


def too_much(number: int, size: int, total: int) -> str:
    """Why a file is not read: it is the `number`th in order, has `size` bytes, and with those before it `total`."""
    if number > MOST_FILES:
        return f"only the first {MOST_FILES} workflow files are read"
    if size > MAX_BYTES:
        return f"the file is larger than {MAX_BYTES // 1024} KiB"
    if total > MOST_BYTES:
        return f"with those before it, the workflow files are larger than {MOST_BYTES // 1024} KiB"
    return ""


async def _text(github: GitHub, file: FileFacts, sha: Sha) -> _Text:
    raw = await github.file(file.path, sha)
    if raw is None:
        return _Text(path=file.path, blob=file.blob, text=None, why="this is not a file")
    try:
        return _Text(path=file.path, blob=file.blob, text=raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _Text(path=file.path, blob=file.blob, text=None, why="the file is not UTF-8")


def _own(repo: Repo) -> str:
    return f"{repo.id}.json"


def _place(services: Services, name: str) -> Path:
    return services.settings.data_dir / SOURCES / name


def _load(place: Path) -> _Kept | None:
    try:
        caches.used(place)
        return _Kept.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return None


def _store(place: Path, kept: _Kept) -> None:
    """Whole or not at all, whoever else writes. Without it the next delivery asks again."""
    beside = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(kept.model_dump_json(), encoding="utf-8")
        beside.replace(place)
    except OSError as error:
        log.warning("sources.not_kept", why=str(error))
        beside.unlink(missing_ok=True)
