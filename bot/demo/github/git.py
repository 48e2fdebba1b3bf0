"""Git on the stand-in's bare repositories: fixed arguments, no system or user configuration, no hooks.

`git` runs one command; the rest are the few questions the API needs answered. Nothing pushed is ever executed:
there is no work tree, hooks are off, and no configuration comes from content.
"""

import asyncio
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import git_kept, git_refs

NOBODY = "0" * 40
_SHA = re.compile(r"[0-9a-f]{7,40}")
_EXPRESSION = re.compile(r"[\^~:@{}\\\s]|\.\.")
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "gc.auto=0")


class GitFailed(Exception):
    """Git ended with another code than 0; the text is what it said."""


@dataclass(frozen=True)
class Person:
    name: str
    email: str


GITHUB = Person("GitHub", "noreply@github.com")


def environment(**more: str) -> dict[str, str]:
    """The whole environment of a git call: no HOME, no system or global configuration, no prompts."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_DEFAULT_REF_FORMAT": "files",
        "GIT_DEFAULT_HASH": "sha1",
        **more,
    }


async def run(path: Path, *arguments: str, stdin: bytes = b"", **env: str) -> tuple[int, bytes, bytes]:
    """Exit code, output and error output of one git command in `path`, or of the same one before: see `git_kept`."""
    fixed = not env and not stdin and git_kept.is_fixed(arguments)
    if fixed and (answer := git_kept.kept(path, arguments)):
        return answer
    answer = await _started(path, *arguments, stdin=stdin, **env)
    if fixed:
        git_kept.keep(path, arguments, answer)
    return answer


async def _started(path: Path, *arguments: str, stdin: bytes, **env: str) -> git_kept.Answer:
    child = await asyncio.create_subprocess_exec(
        shutil.which("git") or "git",
        *_SAFE,
        *arguments,
        cwd=path,
        env=environment(**env),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await child.communicate(stdin)
    return child.returncode or 0, out, err


async def git(path: Path, *arguments: str, stdin: bytes = b"", **env: str) -> bytes:
    """What the command printed; GitFailed where it failed."""
    code, out, err = await run(path, *arguments, stdin=stdin, **env)
    if code != 0:
        raise GitFailed(err.decode(errors="replace").strip() or f"git {arguments[0]} ended with {code}")
    return out


async def text(path: Path, *arguments: str, stdin: bytes = b"", **env: str) -> str:
    return (await git(path, *arguments, stdin=stdin, **env)).decode(errors="replace").strip()


async def refs(path: Path, prefix: str = "refs/heads/") -> dict[str, str]:
    """Full reference names below `prefix` and the object each points at."""
    return git_refs.tips(path, prefix)


async def resolve(path: Path, revision: str) -> str | None:
    """The commit a branch, tag, full reference or SHA names, or None.

    Never read as an option, nor as one of git's expressions (`main~1`, `HEAD@{1}`): GitHub knows names only.
    """
    if _EXPRESSION.search(revision):
        return None
    candidates = [f"refs/heads/{revision}", f"refs/tags/{revision}"]
    if _SHA.fullmatch(revision) or revision == "HEAD" or revision.startswith("refs/"):
        candidates.append(revision)
    for candidate in candidates:
        found = git_refs.tip(path, candidate) if candidate.startswith("refs/") else candidate
        if found is None:
            continue
        named = f"{found}^{{commit}}"
        code, out, _ = await run(path, "rev-parse", "--verify", "--quiet", "--end-of-options", named)
        if code == 0:
            return out.decode().strip()
    return None


async def is_ancestor(path: Path, older: str, newer: str) -> bool:
    code, _, _ = await run(path, "merge-base", "--is-ancestor", older, newer)
    return code == 0


async def merge_base(path: Path, one: str, other: str) -> str | None:
    code, out, _ = await run(path, "merge-base", one, other)
    return out.decode().strip() if code == 0 else None


async def merged_tree(path: Path, ours: str, theirs: str) -> str | None:
    """The tree of a three-way merge, or None where it conflicts."""
    code, out, err = await run(path, "merge-tree", "--write-tree", "--no-messages", ours, theirs)
    if code == 0:
        return out.decode().strip()
    if code == 1:
        return None
    raise GitFailed(err.decode(errors="replace").strip())


async def commit(
    path: Path, tree: str, parents: list[str], message: str, author: Person, committer: Person, when: str
) -> str:
    """The SHA of a new commit; `when` is an ISO 8601 time with zone, for author and committer alike."""
    arguments = ["commit-tree", tree]
    for parent in parents:
        arguments += ["-p", parent]
    return await text(
        path,
        *arguments,
        stdin=message.encode(),
        GIT_AUTHOR_NAME=author.name,
        GIT_AUTHOR_EMAIL=author.email,
        GIT_AUTHOR_DATE=when,
        GIT_COMMITTER_NAME=committer.name,
        GIT_COMMITTER_EMAIL=committer.email,
        GIT_COMMITTER_DATE=when,
    )


async def signed(path: Path, sha: str) -> str:
    """The same commit with a signature in it, as GitHub keeps one: a header behind the committer's line."""
    head, _, message = (await git(path, "cat-file", "commit", sha)).partition(b"\n\n")
    armoured = f"-----BEGIN PGP SIGNATURE-----\n\n{sha}\n-----END PGP SIGNATURE-----\n".replace("\n", "\n ").rstrip(" ")
    whole = head + b"\ngpgsig " + armoured.encode() + b"\n" + message
    return await text(path, "hash-object", "-t", "commit", "-w", "--stdin", stdin=whole)


async def write_blob(path: Path, content: bytes) -> str:
    return await text(path, "hash-object", "-w", "--stdin", stdin=content)


async def update_ref(path: Path, name: str, new: str, old: str | None = None) -> None:
    """Point `name` at `new`; with `old` only where it still points there (zeros: only where it is absent)."""
    await git(path, "update-ref", "--end-of-options", name, new, *([old] if old is not None else []))


async def delete_ref(path: Path, name: str) -> None:
    await git(path, "update-ref", "-d", "--end-of-options", name)


async def edited_tree(path: Path, base: str | None, files: dict[str, bytes | None]) -> str:
    """A tree: `base` (a commit or tree) with these files written, or removed where the content is None."""
    index = path.resolve() / f"index-{id(files):x}"
    try:
        if base is not None:
            await git(path, "read-tree", base, GIT_INDEX_FILE=str(index))
        lines = []
        for name, content in files.items():
            if content is None:
                lines.append(f"0 {NOBODY}\t{name}")
            else:
                lines.append(f"100644 {await write_blob(path, content)}\t{name}")
        await git(
            path,
            "update-index",
            "-z",
            "--index-info",
            stdin="".join(f"{line}\0" for line in lines).encode(),
            GIT_INDEX_FILE=str(index),
        )
        return await text(path, "write-tree", GIT_INDEX_FILE=str(index))
    finally:
        index.unlink(missing_ok=True)


async def bring(source: Path, target: Path, sha: str) -> None:
    """Have a commit of another repository here, with all that it needs, under no name."""
    await git(target, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(source.resolve()), sha)


async def import_bare(source: Path, target: Path, default_branch: str, when: str) -> None:
    """A bare repository at `target` from a git repository, or from a plain folder as one first commit."""
    target.mkdir(parents=True)
    git_kept.forget(target)
    await git(target, "init", "--bare", "--quiet", f"--initial-branch={default_branch}")
    await git(target, "config", "uploadpack.allowAnySHA1InWant", "true")
    await git(target, "config", "http.receivepack", "true")
    if (source / ".git").exists() or (source / "HEAD").exists():
        await _fetch_all(source.resolve(), target, default_branch)
        return
    index = target.resolve() / "import-index"
    await git(
        source,
        "add",
        "--all",
        "--force",
        ".",
        GIT_INDEX_FILE=str(index),
        GIT_DIR=str(target.resolve()),
        GIT_WORK_TREE=str(source.resolve()),
    )
    tree = await text(target, "write-tree", GIT_INDEX_FILE=str(index))
    index.unlink()
    first = await commit(target, tree, [], "Initial commit\n", GITHUB, GITHUB, when)
    await update_ref(target, f"refs/heads/{default_branch}", first)


async def _fetch_all(source: Path, target: Path, default_branch: str) -> None:
    """All branches and tags of `source`, which may belong to another user of this machine: it is only read."""
    trusting = target / "import.gitconfig"
    trusting.write_text("[safe]\n\tdirectory = *\n")
    everything = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    read_as = str(trusting.resolve())
    await git(target, "fetch", "--quiet", str(source), *everything, GIT_CONFIG_GLOBAL=read_as)
    if f"refs/heads/{default_branch}" not in await refs(target):
        head = await text(target, "ls-remote", str(source), "HEAD", GIT_CONFIG_GLOBAL=read_as)
        if not head:
            raise GitFailed(f"{source} has no commit")
        await git(
            target, "fetch", "--quiet", str(source), f"HEAD:refs/heads/{default_branch}", GIT_CONFIG_GLOBAL=read_as
        )
    trusting.unlink()
