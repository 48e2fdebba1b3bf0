"""Files and folders of a repository, and writing one file."""

import base64
import binascii
from urllib.parse import unquote

from .. import git, shapes
from ..acts import refs
from ..errors import Refusal, missing, not_found
from ..records import Json, Repository
from ..routing import Call, Reply, Routes, require_workflows

routes = Routes()
_KINDS = {"blob": "file", "tree": "dir", "commit": "submodule"}


@routes("GET", "/repos/{owner}/{repo}/contents", needs="contents:read")
@routes("GET", "/repos/{owner}/{repo}/contents/", needs="contents:read")
@routes("GET", "/repos/{owner}/{repo}/contents/{path:.+}", needs="contents:read")
async def get(call: Call) -> Reply:
    """A file with its content, or the entries of a folder; `ref` is any branch, tag or commit."""
    repository = call.repository
    ref = call.query.get("ref") or repository.default_branch
    sha = await git.resolve(repository.path, ref)
    if sha is None:
        raise Refusal(404, f"No commit found for the ref {ref}")
    path = unquote(call.parts.get("path", "")).strip("/")
    kind, blob, _ = await _entry(repository, sha, path)
    if kind == "tree":
        entries = await _listed(repository, blob)
        return Reply(200, [_shape(call, ref, f"{path}/{name}".strip("/"), *rest) for name, rest in entries])
    content = await git.git(repository.path, "cat-file", "blob", blob)
    shown = _shape(call, ref, path, kind, blob, len(content))
    if "raw" in call.request.headers.get("Accept", ""):
        return Reply(200, content, {"Content-Type": "application/vnd.github.raw+json; charset=utf-8"})
    if len(content) > 1_048_576:
        return Reply(200, shown | {"content": "", "encoding": "none"})
    return Reply(200, shown | {"content": base64.encodebytes(content).decode(), "encoding": "base64"})


@routes("PUT", "/repos/{owner}/{repo}/contents/{path:.+}", needs="contents:write")
async def put(call: Call) -> Reply:
    """Write one file as a commit. An existing file needs its `sha`; another one is a 409."""
    body, repository = call.body, call.repository
    for field in ("message", "content"):
        if not isinstance(body.get(field), str):
            raise missing("Content", field)
    try:
        content = base64.b64decode(body["content"])
    except binascii.Error:
        raise Refusal(422, "content is not valid Base64") from None
    return await _write(call, repository, content)


@routes("DELETE", "/repos/{owner}/{repo}/contents/{path:.+}", needs="contents:write")
async def delete(call: Call) -> Reply:
    return await _write(call, call.repository, None)


async def _write(call: Call, repository: Repository, content: bytes | None) -> Reply:
    body, path = call.body, unquote(call.parts["path"]).strip("/")
    branch = str(body.get("branch") or repository.default_branch)
    require_workflows(call.actor, repository, path)
    if branch in repository.protected:
        raise Refusal(409, "Could not create file: Changes must be made through a pull request.")
    async with refs.moving(call.world, call.actor, repository):
        tip = await git.resolve(repository.path, f"refs/heads/{branch}")
        if tip is None:
            raise Refusal(404, f"Branch {branch} not found")
        existing = await _blob_or_none(repository, tip, path)
        if existing is not None and not body.get("sha"):
            raise Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
        if body.get("sha") and body["sha"] != existing:
            raise Refusal(409, f"{path} does not match {body['sha']}")
        person = call.account
        author = git.Person(person.name, f"{person.id}+{person.login}@users.noreply.github.com")
        tree = await git.edited_tree(repository.path, tip, {path: content})
        stamp = call.world.stamp()
        new = await git.commit(repository.path, tree, [tip], f"{body['message']}\n", author, git.GITHUB, stamp)
        await git.update_ref(repository.path, f"refs/heads/{branch}", new, tip)
    commit = await shapes.git_commit(call.world, repository, new)
    if content is None:
        return Reply(200, {"content": None, "commit": commit})
    kind, blob, _ = await _entry(repository, new, path)
    shown = _shape(call, branch, path, kind, blob, len(content))
    return Reply(200 if existing else 201, {"content": shown, "commit": commit})


async def _entry(repository: Repository, commit: str, path: str) -> tuple[str, str, str]:
    """Kind, object and mode of what lies at `path`; 404 where nothing does."""
    if not path:
        return "tree", await git.text(repository.path, "rev-parse", f"{commit}^{{tree}}"), "040000"
    listed = await git.git(repository.path, "--literal-pathspecs", "ls-tree", "-z", commit, "--", path)
    for line in listed.decode(errors="replace").split("\0"):
        mode, kind, sha, name = _entry_parts(line)
        if name == path:
            return kind, sha, mode
    raise not_found()


async def _blob_or_none(repository: Repository, commit: str, path: str) -> str | None:
    try:
        return (await _entry(repository, commit, path))[1]
    except Refusal:
        return None


async def _listed(repository: Repository, tree: str) -> list[tuple[str, tuple[str, str, int]]]:
    listed = await git.git(repository.path, "ls-tree", "-z", "--long", tree)
    found = []
    for line in filter(None, listed.decode(errors="replace").split("\0")):
        head, _, name = line.partition("\t")
        _, kind, sha, size = head.split()
        found.append((name, (kind, sha, int(size) if size.isdigit() else 0)))
    return found


def _entry_parts(line: str) -> tuple[str, str, str, str]:
    head, _, name = line.partition("\t")
    mode, kind, sha = head.split() if head else ("", "", "")
    return mode, kind, sha, name


def _shape(call: Call, ref: str, path: str, kind: str, sha: str, size: int) -> Json:
    api = f"{call.world.url}/repos/{call.repository.full_name}"
    page = f"{call.world.url}/{call.repository.full_name}"
    own, git_url = f"{api}/contents/{path}?ref={ref}", f"{api}/git/{'trees' if kind == 'tree' else 'blobs'}/{sha}"
    html = f"{page}/{'tree' if kind == 'tree' else 'blob'}/{ref}/{path}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": size,
        "url": own,
        "html_url": html,
        "git_url": git_url,
        "download_url": None if kind == "tree" else f"{page}/raw/{ref}/{path}",
        "type": _KINDS[kind],
        "_links": {"self": own, "git": git_url, "html": html},
    }
