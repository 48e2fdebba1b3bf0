"""The git database: references, commits, trees and blobs, read and made one object at a time."""

import base64
import binascii
import re

from .. import git, pull_facts, shapes
from ..acts import refs
from ..errors import Refusal, invalid, missing, not_found
from ..records import Json
from ..routing import Call, Reply, Routes, require_workflows

routes = Routes()
READ, WRITE = "contents:read", "contents:write"
_SHA = re.compile(r"[0-9a-f]{40}")
_TYPES = {"040000": "tree", "160000": "commit"}


@routes("GET", "/repos/{owner}/{repo}/git/ref/{ref:.+}", needs=READ)
async def get_ref(call: Call) -> Reply:
    name = f"refs/{call.parts['ref']}"
    sha = (await git.refs(call.repository.path, name)).get(name)
    if sha is None:
        raise not_found()
    return Reply(200, _ref(call, name, sha))


@routes("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref:.+}", needs=READ)
async def matching_refs(call: Call) -> Reply:
    start = f"refs/{call.parts['ref']}"
    found = sorted((await git.refs(call.repository.path, "refs/")).items())
    return call.listed([pair for pair in found if pair[0].startswith(start)], lambda pair: _ref(call, *pair))


@routes("POST", "/repos/{owner}/{repo}/git/refs", needs=WRITE)
async def create_ref(call: Call) -> Reply:
    name, sha = str(call.body.get("ref") or ""), str(call.body.get("sha") or "")
    if not name.startswith("refs/") or name.count("/") < 2:
        raise Refusal(422, "Reference name must start with 'refs/' and contain at least two slashes.")
    await _check_ref_name(call, name)
    if not _SHA.fullmatch(sha) or await git.resolve(call.repository.path, sha) is None:
        raise Refusal(422, "Object does not exist")
    await _refuse_unsigned(call, name, sha)
    async with refs.moving(call.world, call.actor, call.repository):
        if name in await git.refs(call.repository.path, name):
            raise Refusal(422, "Reference already exists")
        await git.update_ref(call.repository.path, name, sha, git.NOBODY)
    return Reply(201, _ref(call, name, sha))


@routes("PATCH", "/repos/{owner}/{repo}/git/refs/{ref:.+}", needs=WRITE)
async def move_ref(call: Call) -> Reply:
    """Without `force` only forward."""
    name, sha, path = f"refs/{call.parts['ref']}", str(call.body.get("sha") or ""), call.repository.path
    _refuse_protected(call, name)
    if not _SHA.fullmatch(sha) or await git.resolve(path, sha) is None:
        raise Refusal(422, "Object does not exist")
    await _refuse_unsigned(call, name, sha)
    async with refs.moving(call.world, call.actor, call.repository):
        old = (await git.refs(path, name)).get(name)
        if old is None:
            raise Refusal(422, "Reference does not exist")
        if not call.body.get("force") and not await git.is_ancestor(path, old, sha):
            raise Refusal(422, "Update is not a fast forward")
        await git.update_ref(path, name, sha, old)
    return Reply(200, _ref(call, name, sha))


@routes("DELETE", "/repos/{owner}/{repo}/git/refs/{ref:.+}", needs=WRITE)
async def delete_ref(call: Call) -> Reply:
    name = f"refs/{call.parts['ref']}"
    _refuse_protected(call, name)
    if name == f"refs/heads/{call.repository.default_branch}":
        raise Refusal(422, "Cannot delete the default branch")
    async with refs.moving(call.world, call.actor, call.repository):
        if name not in await git.refs(call.repository.path, name):
            raise Refusal(422, "Reference does not exist")
        await git.delete_ref(call.repository.path, name)
    return Reply(204)


@routes("GET", "/repos/{owner}/{repo}/git/commits/{sha}", needs=READ)
async def get_commit(call: Call) -> Reply:
    sha = call.parts["sha"]
    if await git.resolve(call.repository.path, sha) != sha:
        raise not_found()
    return Reply(200, await shapes.git_commit(call.world, call.repository, sha))


@routes("POST", "/repos/{owner}/{repo}/git/commits", needs=WRITE)
async def create_commit(call: Call) -> Reply:
    """Without an author the caller is author and committer; GitHub signs what an App commits this way.

    https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification
    """
    body, path = call.body, call.repository.path
    for field in ("message", "tree"):
        if not body.get(field):
            raise missing("Commit", field)
    tree = await _object(call, str(body["tree"]), "tree", "Tree SHA does not exist")
    parents = [
        await _object(call, str(each), "commit", "Parent SHA does not exist") for each in body.get("parents") or []
    ]
    person = call.account
    own = git.Person(person.login, f"{person.id}+{person.login}@users.noreply.github.com")
    author = _person(body.get("author"), own)
    committer = _person(body.get("committer"), author if body.get("author") else git.GITHUB)
    when = (body.get("author") or {}).get("date") or call.world.stamp()
    sha = await git.commit(path, tree, parents, str(body["message"]), author, committer, when)
    if call.actor.token and call.repository.signs_commits and not body.keys() & {"author", "committer", "signature"}:
        sha = await git.signed(path, sha)
        call.repository.verified.add(sha)
    return Reply(201, await shapes.git_commit(call.world, call.repository, sha))


@routes("GET", "/repos/{owner}/{repo}/git/trees/{sha:.+}", needs=READ)
async def get_tree(call: Call) -> Reply:
    """`recursive` with any value lists the whole tree, as at GitHub."""
    path, wanted = call.repository.path, call.parts["sha"]
    commit = await git.resolve(path, wanted)
    tree = f"{commit}^{{tree}}" if commit else await _object(call, wanted, "tree", "Not Found", 404)
    own = await git.text(path, "rev-parse", tree)
    return Reply(200, await _tree(call, own, "recursive" in call.query))


@routes("POST", "/repos/{owner}/{repo}/git/trees", needs=WRITE)
async def create_tree(call: Call) -> Reply:
    """Entries on top of `base_tree`; an entry with `sha: null` removes the path."""
    path, body = call.repository.path, call.body
    entries = body.get("tree")
    if not isinstance(entries, list) or not entries:
        raise missing("Tree", "tree")
    index = path.resolve() / f"index-{id(call):x}"
    try:
        if body.get("base_tree"):
            await git.git(
                path,
                "read-tree",
                await _object(call, str(body["base_tree"]), "tree", "base_tree is not a valid tree"),
                GIT_INDEX_FILE=str(index),
            )
        lines = [await _tree_line(call, entry) for entry in entries]
        await git.git(
            path, "update-index", "-z", "--index-info", stdin="".join(lines).encode(), GIT_INDEX_FILE=str(index)
        )
        tree = await git.text(path, "write-tree", GIT_INDEX_FILE=str(index))
    except git.GitFailed as failure:
        raise Refusal(422, f"tree could not be made: {failure}") from None
    finally:
        index.unlink(missing_ok=True)
    return Reply(201, await _tree(call, tree, recursive=False))


@routes("GET", "/repos/{owner}/{repo}/git/blobs/{sha}", needs=READ)
async def get_blob(call: Call) -> Reply:
    sha = await _object(call, call.parts["sha"], "blob", "Not Found", 404)
    content = await git.git(call.repository.path, "cat-file", "blob", sha)
    shown: Json = {"sha": sha, "node_id": f"B_{sha}", "size": len(content), "url": _url(call, "blobs", sha)}
    return Reply(200, shown | {"content": base64.encodebytes(content).decode(), "encoding": "base64"})


@routes("POST", "/repos/{owner}/{repo}/git/blobs", needs=WRITE)
async def create_blob(call: Call) -> Reply:
    content = call.body.get("content")
    if not isinstance(content, str):
        raise missing("Blob", "content")
    try:
        raw = base64.b64decode(content) if call.body.get("encoding") == "base64" else content.encode()
    except binascii.Error:
        raise invalid("Blob", "content") from None
    sha = await git.write_blob(call.repository.path, raw)
    return Reply(201, {"sha": sha, "url": _url(call, "blobs", sha)})


async def _check_ref_name(call: Call, name: str) -> None:
    code, _, _ = await git.run(call.repository.path, "check-ref-format", name)
    if code != 0 or not name.startswith(("refs/heads/", "refs/tags/")):
        raise Refusal(422, f"{name} is not a valid ref name.")


def _refuse_protected(call: Call, name: str) -> None:
    if name.removeprefix("refs/heads/") in call.repository.protected:
        raise Refusal(422, "Changes must be made through a pull request.")


async def _refuse_unsigned(call: Call, name: str, sha: str) -> None:
    branch = name.removeprefix("refs/heads/")
    if not pull_facts.signatures_asked(call.repository, branch):
        return
    new = await git.text(call.repository.path, "rev-list", sha, "--not", "--all")
    if not set(new.split()) <= call.repository.verified:
        raise Refusal(422, "Repository rule violations found\n\nCommits must have verified signatures.")


async def _object(call: Call, sha: str, kind: str, refusal: str, status: int = 422) -> str:
    """The object of this kind (a commit counts as its tree), or the refusal."""
    if _SHA.fullmatch(sha):
        code, out, _ = await git.run(call.repository.path, "rev-parse", "--verify", "--quiet", f"{sha}^{{{kind}}}")
        if code == 0:
            return out.decode().strip()
    raise Refusal(status, refusal)


async def _tree_line(call: Call, entry: Json) -> str:
    path, mode = str(entry.get("path") or ""), str(entry.get("mode") or "100644")
    if (
        not path
        or path.startswith("/")
        or "\0" in path
        or mode not in {"100644", "100755", "040000", "160000", "120000"}
    ):
        raise Refusal(422, "tree.path contains a malformed path component or tree.mode is wrong")
    require_workflows(call.actor, call.repository, path)
    if "sha" in entry and entry["sha"] is None:
        return f"0 {git.NOBODY}\t{path}\0"
    if "content" in entry:
        return f"{mode} {await git.write_blob(call.repository.path, str(entry['content']).encode())}\t{path}\0"
    sha = str(entry.get("sha") or "")
    if mode != "160000":
        sha = await _object(
            call, sha, _TYPES.get(mode, "blob"), f"tree.sha {sha} is not a valid {_TYPES.get(mode, 'blob')}"
        )
    return f"{mode} {sha}\t{path}\0"


async def _tree(call: Call, tree: str, recursive: bool) -> Json:
    flags = ["-r", "-t"] if recursive else []
    listed = await git.git(call.repository.path, "ls-tree", "-z", "--long", *flags, tree)
    entries = []
    for line in filter(None, listed.decode(errors="replace").split("\0")):
        head, _, name = line.partition("\t")
        mode, kind, sha, size = head.split()
        entry: Json = {"path": name, "mode": mode, "type": kind, "sha": sha}
        if kind == "blob":
            entry["size"] = int(size)
        if kind != "commit":
            entry["url"] = _url(call, f"{kind}s", sha)
        entries.append(entry)
    return {"sha": tree, "url": _url(call, "trees", tree), "tree": entries, "truncated": False}


def _person(given: Json | None, otherwise: git.Person) -> git.Person:
    if not given:
        return otherwise
    return git.Person(str(given.get("name") or otherwise.name), str(given.get("email") or otherwise.email))


def _ref(call: Call, name: str, sha: str) -> Json:
    api = f"{call.world.url}/repos/{call.repository.full_name}/git"
    target = {"sha": sha, "type": "commit", "url": f"{api}/commits/{sha}"}
    return {"ref": name, "node_id": f"REF_{name}", "url": f"{api}/{name}", "object": target}


def _url(call: Call, kind: str, sha: str) -> str:
    return f"{call.world.url}/repos/{call.repository.full_name}/git/{kind}/{sha}"
