"""What goes over the network: with the token in one header, and nowhere else."""

import asyncio
import base64
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from git_origin import BOT, REPO, TOKEN, WHEN, Origin, run_git

from adapters.git.command import Remote, git
from adapters.git.mirrors import Mirrors
from adapters.git.workspaces import GitWorkspace, Workspaces
from core.errors import (
    AppRefused,
    BranchMoved,
    GitHubUnavailable,
    NotThere,
    PermissionMissing,
    PushRefused,
    RateLimited,
)
from core.names import RunId, Sha

BRANCH = "pullwright/7-slugs-run000000001"
BASIC = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()


@pytest.fixture
async def head(workspace: GitWorkspace, base: Sha) -> Sha:
    (workspace.tree / "README").write_text("Better slugs.\n")
    return await workspace.commit(await workspace.snapshot(), [base], "docs: better\n", BOT, WHEN)


async def test_the_token_arrives_as_a_header_and_is_nowhere_else(
    workspace: GitWorkspace, origin: Origin, head: Sha, data: Path, capfd: pytest.CaptureFixture[str]
):
    await workspace.push(origin.url, BRANCH, head, None, TOKEN)
    assert await workspace.remote_branch(origin.url, BRANCH, TOKEN) == head
    assert await workspace.fetch(origin.url, BRANCH, TOKEN) == head
    assert set(origin.authorizations) == {f"Basic {BASIC}"}
    lines = b"\n".join(origin.command_lines)
    assert b"git-remote-http" in lines or b"remote-http" in lines
    written = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file() and not path.is_symlink())
    for secret in (TOKEN, BASIC):
        assert secret.encode() not in lines
        assert secret.encode() not in written
        assert secret not in "".join(capfd.readouterr())
        assert secret not in repr(Remote(origin.url, TOKEN))


async def test_a_redirect_is_refused_and_the_other_server_hears_nothing(origin: Origin, data: Path):
    heard = []

    async def listen(request: web.Request) -> web.Response:
        heard.append(request)
        return web.Response()

    elsewhere = web.Application()
    elsewhere.router.add_route("*", "/{path:.*}", listen)
    async with TestServer(elsewhere) as other:

        async def redirect(request: web.Request) -> web.Response:
            raise web.HTTPFound(str(other.make_url(request.path_qs)))

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", redirect)
        async with TestServer(app) as server:
            with pytest.raises(Exception, match=r"redirect|302"):
                await Mirrors(data).fetch(7, str(server.make_url("/slugs.git")), TOKEN, ["main"])
    assert heard == []


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pass@github.com/a/b",
        "ssh://git@github.com/a/b",
        "ext::sh -c true",
        "/etc",
        "--upload-pack=x",
        "file:///a",
    ],
)
def test_only_plain_http_addresses_are_remotes(url: str):
    with pytest.raises(ValueError, match=r"^A remote is an http or https address without a user in it\.$"):
        Remote(url, TOKEN)


async def test_a_branch_is_created_and_moved_from_where_it_was(
    workspace: GitWorkspace, origin: Origin, base: Sha, head: Sha
):
    assert await workspace.remote_branch(origin.url, BRANCH, TOKEN) is None
    await workspace.push(origin.url, BRANCH, base, None, TOKEN)
    await workspace.push(origin.url, BRANCH, head, base, TOKEN)
    await workspace.push(origin.url, BRANCH, base, head, TOKEN)
    assert origin.branch(BRANCH) == base


async def test_a_push_that_was_done_already_is_done(workspace: GitWorkspace, origin: Origin, head: Sha):
    await workspace.push(origin.url, BRANCH, head, None, TOKEN)
    await workspace.push(origin.url, BRANCH, head, None, TOKEN)
    assert origin.branch(BRANCH) == head


@pytest.mark.parametrize("expected", ["nothing", "base"])
async def test_work_of_a_person_on_the_branch_is_never_overwritten(
    workspace: GitWorkspace, origin: Origin, base: Sha, head: Sha, expected: str
):
    theirs = origin.push({"README": "By hand.\n"}, "docs: by hand", branch=BRANCH)
    with pytest.raises(BranchMoved) as moved:
        await workspace.push(origin.url, BRANCH, head, base if expected == "base" else None, TOKEN)
    assert str(moved.value) == f"The branch {BRANCH} is not where the bot left it: somebody else pushed to it."
    assert origin.branch(BRANCH) == theirs


async def test_a_protected_branch_is_a_refused_push_in_the_words_of_the_server(
    workspace: GitWorkspace, origin: Origin, head: Sha
):
    hook = origin.bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GH006: Protected branch update failed.' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(PushRefused) as refused:
        await workspace.push(origin.url, BRANCH, head, None, TOKEN)
    assert str(refused.value) == (
        f"GitHub refused the push to {BRANCH}: [remote rejected] (pre-receive hook declined) "
        "GH006: Protected branch update failed."
    )


@pytest.mark.parametrize("branch", ["main", "refs/heads/main", "Pullwright/x", "pullwright", "feature/pullwright/x"])
async def test_only_branches_of_the_bot_are_pushed(workspace: GitWorkspace, origin: Origin, head: Sha, branch: str):
    with pytest.raises(ValueError, match="begin with pullwright/"):
        await workspace.push(origin.url, branch, head, None, TOKEN)


@pytest.mark.parametrize(
    "branch", ["pullwright/../main", "pullwright/a:refs/heads/main", "pullwright/*", "pullwright/ "]
)
async def test_a_name_that_is_not_one_branch_is_not_pushed(
    workspace: GitWorkspace, origin: Origin, head: Sha, branch: str
):
    with pytest.raises(ValueError, match="is not the name of a reference"):
        await workspace.push(origin.url, branch, head, None, TOKEN)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AppRefused),
        (403, PermissionMissing),
        (404, NotThere),
        (429, RateLimited),
        (500, GitHubUnavailable),
        (503, GitHubUnavailable),
    ],
)
async def test_an_answer_of_the_server_has_its_error(
    data: Path, origin: Origin, base: Sha, status: int, error: type[Exception]
):
    origin.answer = status
    with pytest.raises(error) as raised:
        await Mirrors(data).fetch(7, origin.url, TOKEN, ["main"])
    assert TOKEN not in str(raised.value)


async def test_a_push_without_permission_is_a_refused_push(workspace: GitWorkspace, origin: Origin, head: Sha):
    origin.answer = 403
    with pytest.raises(PushRefused):
        await workspace.push(origin.url, BRANCH, head, None, TOKEN)


async def test_a_server_that_is_away_may_be_back_later(data: Path):
    with pytest.raises(GitHubUnavailable):
        await Mirrors(data).fetch(7, "http://127.0.0.1:9/slugs.git", TOKEN, ["main"])


async def test_a_fetch_without_a_token_is_refused_by_a_private_repository(data: Path, origin: Origin, base: Sha):
    with pytest.raises(AppRefused):
        await Mirrors(data).fetch(7, origin.url, None, ["main"])


async def test_a_branch_that_does_not_exist_is_not_there(data: Path, origin: Origin, base: Sha):
    with pytest.raises(NotThere):
        await Mirrors(data).fetch(7, origin.url, TOKEN, ["nowhere"])


async def test_a_commit_is_fetched_by_its_sha_after_its_branch_moved(data: Path, origin: Origin, base: Sha):
    run_git(origin.clone, "commit", "--quiet", "--amend", "-m", "rewritten")
    run_git(origin.clone, "push", "--quiet", "--force", str(origin.bare), "HEAD:main")
    mirrors = Mirrors(data)
    await mirrors.fetch(7, origin.url, TOKEN, ["main"])
    assert not await mirrors.has(7, base)
    await mirrors.fetch(7, origin.url, TOKEN, [base])
    assert await mirrors.has(7, base)


async def test_fetches_of_one_mirror_at_the_same_time_all_succeed(data: Path, origin: Origin, base: Sha):
    mirrors = [Mirrors(data) for _ in range(6)]
    await asyncio.gather(*(mirror.fetch(7, origin.url, TOKEN, ["main"]) for mirror in mirrors))
    assert await mirrors[0].has(7, base)
    assert run_git(data / "7.git", "fsck", "--full", "--strict") == ""
    assert sorted(path.name for path in data.iterdir()) == ["7.git", "7.lock"]


async def test_a_clone_survives_that_its_commits_leave_every_branch(
    workspaces: Workspaces, workspace: GitWorkspace, origin: Origin, base: Sha
):
    run_git(origin.clone, "commit", "--quiet", "--amend", "-m", "rewritten")
    run_git(origin.clone, "push", "--quiet", "--force", str(origin.bare), "HEAD:main")
    await workspaces.mirrors.fetch(REPO.id, origin.url, TOKEN, ["main"])
    await workspace.restore(base)
    assert (workspace.tree / "README").read_text() == "Slugs.\n"


async def test_a_cancelled_fetch_leaves_no_process_and_no_lock(data: Path, origin: Origin, base: Sha):
    asked, never = asyncio.Event(), asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        asked.set()
        await never.wait()
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hang)
    async with TestServer(app) as server:
        url = str(server.make_url("/slugs.git"))
        fetching = asyncio.create_task(Mirrors(data).fetch(7, url, TOKEN, ["main"]))
        await asked.wait()
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        never.set()
        alive = [path for path in Path("/proc").glob("[0-9]*/cmdline") if url.encode() in _read(path)]
        assert alive == []
    await Mirrors(data).fetch(7, origin.url, TOKEN, ["main"])


async def test_a_fetch_that_takes_too_long_is_given_up(workspace: GitWorkspace, origin: Origin):
    never = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hang)
    async with TestServer(app) as server:
        remote = Remote(str(server.make_url("/slugs.git")), TOKEN)
        with pytest.raises(GitHubUnavailable, match=r"^git ls-remote did not end within 0 seconds\.$"):
            await git("ls-remote", remote.url, git_dir=workspace.tree.parent / "git", remote=remote, timeout=0.2)
        never.set()


async def test_another_machine_goes_on_from_the_pack(
    workspaces: Workspaces, workspace: GitWorkspace, origin: Origin, head: Sha, tmp_path: Path
):
    pack = await workspace.pack()
    other = Workspaces(tmp_path / "other/workspaces", Mirrors(tmp_path / "other/mirrors"))
    await other.mirrors.fetch(REPO.id, origin.url, TOKEN, ["main"])
    there = await other.open(RunId("run000000001"), REPO, workspace.base)
    await there.unpack(pack.content)
    await there.restore(head)
    assert (there.tree / "README").read_text() == "Better slugs.\n"
    (there.tree / "README").write_text("Best slugs.\n")
    further = await there.snapshot()
    await workspace.unpack((await there.pack()).content)
    assert await workspace.read(further, "README", 100) == b"Best slugs.\n"
    assert await workspace.read(head, "README", 100) == b"Better slugs.\n"


async def test_a_clone_without_work_has_an_empty_pack(workspace: GitWorkspace):
    assert (await workspace.pack()).content == b""
    await workspace.unpack(b"")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
