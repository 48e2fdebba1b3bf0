"""One repository on a server, a machine of ours, and a run's workspace on it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from git_origin import REPO, TOKEN, Origin, run_git

from adapters.git.mirrors import Mirrors
from adapters.git.workspaces import GitWorkspace, Workspaces
from core.names import RunId, Sha


@pytest.fixture(scope="session")
def first_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server and a person's clone, with one commit: made once, copied for every test.

    One file, one program, one symlink, one ignore file.
    """
    folder = tmp_path_factory.mktemp("first")
    bare, clone = folder / "server/acme/slugs.git", folder / "person"
    bare.mkdir(parents=True)
    clone.mkdir()
    run_git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
    run_git(bare, "config", "http.receivepack", "true")
    run_git(bare, "config", "uploadpack.allowAnySHA1InWant", "true")
    run_git(clone, "init", "--quiet", "--initial-branch=main")
    (clone / "tool").write_text("#!/bin/sh\n")
    (clone / "tool").chmod(0o755)
    (clone / "link").symlink_to("src/slugs.py")
    files = {
        "src/slugs.py": "def slugify(text):\n    return text\n",
        "README": "Slugs.\n",
        ".gitignore": "*.log\nbuild/\n",
    }
    Origin(bare, clone).push(files, "feat: slugs")
    return folder


@pytest.fixture
async def origin(first_state: Path, tmp_path: Path) -> AsyncIterator[Origin]:
    shutil.copytree(first_state, tmp_path / "github", symlinks=True)
    origin = Origin(tmp_path / "github/server/acme/slugs.git", tmp_path / "github/person")
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", origin.serve)
    async with TestServer(app) as server:
        origin.url = str(server.make_url("/slugs.git"))
        yield origin


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def workspaces(data: Path) -> Workspaces:
    return Workspaces(data / "workspaces", Mirrors(data / "mirrors"))


@pytest.fixture
def base(origin: Origin) -> Sha:
    return Sha(origin.branch("main"))


@pytest.fixture
async def workspace(workspaces: Workspaces, origin: Origin, base: Sha) -> GitWorkspace:
    await workspaces.mirrors.fetch(REPO.id, origin.url, TOKEN, ["main"])
    return await workspaces.open(RunId("run000000001"), REPO, base)
