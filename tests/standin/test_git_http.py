"""Git itself, over HTTP: clone, fetch and push, and what a push sets off."""

from pathlib import Path

import pytest

from .conftest import Town, git


async def cloned(town: Town, tmp_path: Path, token: str) -> Path:
    code, said = await git(tmp_path, "clone", "--quiet", f"{town.github.url}/octo/hello.git", "work", token=token)
    assert code == 0, said
    return tmp_path / "work"


async def test_a_clone_with_an_installation_token_has_the_files(town: Town, tmp_path: Path) -> None:
    work = await cloned(town, tmp_path, await town.token(permissions={"contents": "read"}))
    assert (work / "src" / "app.py").read_text() == "print('hello')\n"


@pytest.mark.parametrize("shape", ["classic", "long"])
async def test_a_push_moves_the_branch_and_tells_the_app(town: Town, tmp_path: Path, shape: str) -> None:
    town.world.token_shape = shape  # type: ignore[assignment]
    token = await town.token()
    work = await cloned(town, tmp_path, token)
    (work / "README.md").write_text("# hello, world\n")
    await git(work, "commit", "--quiet", "--all", "--message", "Say hello to the world")
    code, said = await git(work, "push", "origin", "HEAD:refs/heads/greeting", token=token)
    assert code == 0, said
    _, head = await git(work, "rev-parse", "HEAD")
    assert (await town.world.branches(town.repository))["greeting"] == head.strip()
    push = (await town.hear()).last("push")
    assert (push["ref"], push["after"], push["created"]) == ("refs/heads/greeting", head.strip(), True)
    assert push["head_commit"]["modified"] == ["README.md"]
    assert push["sender"]["login"] == "pull-bot[bot]"
    assert town.received.names()[-3:] == ["create", "push", "check_suite.requested"]


async def test_a_large_push_arrives_compressed_and_in_chunks(town: Town, tmp_path: Path) -> None:
    token = await town.token()
    work = await cloned(town, tmp_path, token)
    for number in range(200):
        (work / f"file-{number}.txt").write_text(f"{number}\n" * 3_000)
    (work / "noise.bin").write_bytes(bytes((number * number) % 251 for number in range(3_000_000)))
    await git(work, "add", "--all")
    await git(work, "commit", "--quiet", "--message", "Many files")
    code, said = await git(work, "push", "origin", "HEAD:refs/heads/many", token=token)
    assert code == 0, said
    code, said = await git(
        tmp_path, "clone", "-q", "-b", "many", f"{town.github.url}/octo/hello.git", "again", token=token
    )
    assert (code, (tmp_path / "again" / "file-199.txt").exists()) == (0, True), said


async def test_a_push_needs_contents_write(town: Town, tmp_path: Path) -> None:
    token = await town.token(permissions={"contents": "read"})
    work = await cloned(town, tmp_path, token)
    code, said = await git(work, "push", "origin", "HEAD:refs/heads/no", token=token)
    assert code != 0
    assert "403" in said
    assert list(await town.world.branches(town.repository)) == ["main"]


async def test_a_private_repository_asks_for_credentials(town: Town, tmp_path: Path) -> None:
    code, said = await git(tmp_path, "clone", f"{town.github.url}/octo/hello.git")
    assert code != 0
    assert "could not read Username" in said


async def test_a_person_pushes_with_their_own_token(town: Town, tmp_path: Path) -> None:
    work = await cloned(town, tmp_path, town.world.account("bea").token)
    code, said = await git(work, "push", "origin", "HEAD:refs/heads/beas", token=town.world.account("bea").token)
    assert code == 0, said
    code, said = await git(work, "push", "origin", "HEAD:refs/heads/robs", token=town.world.account("rob").token)
    assert code != 0
    assert (await town.hear()).last("push")["sender"]["login"] == "bea"


async def test_a_protected_branch_refuses_a_push_in_githubs_words(town: Town, tmp_path: Path) -> None:
    town.world.protect(town.repository, "main")
    token = await town.token()
    work = await cloned(town, tmp_path, token)
    before = await town.world.branches(town.repository)
    await git(work, "commit", "--quiet", "--allow-empty", "--message", "Straight to main")
    code, said = await git(work, "push", "origin", "HEAD:main", token=token)
    assert code != 0
    assert "remote: error: GH006: Protected branch update failed for refs/heads/main." in said
    assert "! [remote rejected] HEAD -> main (protected branch hook declined)" in said
    assert await town.world.branches(town.repository) == before


async def test_a_repository_can_be_told_to_refuse_every_push(town: Town, tmp_path: Path) -> None:
    town.repository.refuse_pushes = "Commits must have verified signatures."
    token = await town.token()
    work = await cloned(town, tmp_path, token)
    code, said = await git(work, "push", "origin", "HEAD:refs/heads/x", token=token)
    assert code != 0
    assert "Commits must have verified signatures." in said
    assert "(push declined due to repository rule violations)" in said


async def test_force_with_lease_is_refused_where_somebody_else_pushed(town: Town, tmp_path: Path) -> None:
    token = await town.token()
    work = await cloned(town, tmp_path, token)
    _, mine = await git(work, "rev-parse", "HEAD")
    theirs = await town.person("bea").push("topic", {"a": "a"}, "Mine first")
    await git(work, "commit", "--quiet", "--allow-empty", "--message", "Mine")
    lease = f"--force-with-lease=topic:{mine.strip()}"
    code, said = await git(work, "push", lease, "origin", "HEAD:refs/heads/topic", token=token)
    assert code != 0
    assert "stale info" in said
    assert (await town.world.branches(town.repository))["topic"] == theirs


async def test_hooks_in_the_server_repository_do_not_run(town: Town, tmp_path: Path) -> None:
    hook = town.repository.path / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    token = await town.token()
    work = await cloned(town, tmp_path, token)
    assert (await git(work, "push", "origin", "HEAD:refs/heads/x", token=token))[0] == 0
    assert not (tmp_path / "ran").exists()


async def test_a_push_to_a_pull_requests_branch_is_told_as_synchronize(town: Town, tmp_path: Path) -> None:
    bea = town.person("bea")
    before = await bea.push("topic", {"a": "a\n"}, "One")
    await bea.open_pull("topic", "main", "Topic")
    after = await bea.push("topic", {"b": "b\n"}, "Two")
    event = (await town.hear()).last("pull_request", "synchronize")
    assert (event["before"], event["after"]) == (before, after)
    assert (event["pull_request"]["head"]["sha"], event["pull_request"]["commits"]) == (after, 2)
    _, said = await git(tmp_path, "ls-remote", f"{town.github.url}/octo/hello.git", token=await town.token())
    assert f"{after}\trefs/pull/2/head" in said or f"{after}\trefs/pull/1/head" in said


async def test_an_app_without_the_permission_cannot_push_a_workflow(town: Town, tmp_path: Path) -> None:
    token = await town.token()
    work = await cloned(town, tmp_path, token)
    (work / ".github" / "workflows").mkdir(parents=True)
    (work / ".github" / "workflows" / "ci.yml").write_text("on: push\n")
    await git(work, "add", "--all")
    await git(work, "commit", "--quiet", "--message", "Add a workflow")
    code, said = await git(work, "push", "origin", "HEAD:refs/heads/ci", token=token)
    assert code != 0
    assert (
        "(refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` "
        "without `workflows` permission)"
    ) in said
    assert list(await town.world.branches(town.repository)) == ["main"]
    person = town.world.account("bea").token
    assert (await git(work, "push", "origin", "HEAD:refs/heads/ci", token=person))[0] == 0
    await git(work, "commit", "--quiet", "--allow-empty", "--message", "On top of a workflow that is there")
    assert (await git(work, "push", "origin", "HEAD:refs/heads/ci", token=token))[0] == 0
