"""Commits that GitHub signs, and branches that take no others, as GitHub's documentation describes both."""

from pathlib import Path
from typing import Any

from bot.demo.github import Issue, Repository, git

from .conftest import Api, Town

HELLO = "/repos/octo/hello"
REFUSED = "Repository rule violations found\n\nCommits must have verified signatures."


async def made(api: Api, repository: Repository, **more: object) -> dict[str, Any]:
    """A commit on top of main, by the API."""
    head = await git.text(repository.path, "rev-parse", "refs/heads/main", "refs/heads/main^{tree}")
    parent, tree = head.split()
    entry = {"path": "NEWS.md", "mode": "100644", "type": "blob", "content": "one\n"}
    added = (await api("POST", f"{HELLO}/git/trees", {"base_tree": tree, "tree": [entry]})).body["sha"]
    asked = {"message": "Write the news", "tree": added, "parents": [parent], **more}
    return dict((await api("POST", f"{HELLO}/git/commits", asked)).body)


async def pulled(town: Town, sha: str) -> Issue:
    await git.update_ref(town.repository.path, "refs/heads/topic", sha)
    return await town.person("bea").open_pull("topic", "main", "Write the news")


async def test_what_an_app_commits_without_naming_anybody_is_signed(town: Town) -> None:
    bot = await town.as_bot()
    commit = await made(bot, town.repository)
    assert (commit["verification"]["verified"], commit["verification"]["reason"]) == (True, "valid")
    assert "BEGIN PGP SIGNATURE" in commit["verification"]["signature"]
    assert commit["author"]["name"] == "pullwright[bot]" or commit["author"]["name"].endswith("[bot]")
    assert commit["committer"]["name"] == "GitHub"
    assert (await bot("GET", f"{HELLO}/git/commits/{commit['sha']}")).body["verification"] == commit["verification"]
    whole = await git.text(town.repository.path, "cat-file", "commit", commit["sha"])
    assert "\ngpgsig -----BEGIN PGP SIGNATURE-----\n" in whole
    assert await git.text(town.repository.path, "log", "-1", "--format=%B", commit["sha"]) == "Write the news"


async def test_nobody_elses_commit_is_signed_and_none_that_names_its_author(town: Town) -> None:
    bot = await town.as_bot()
    named = await made(bot, town.repository, author={"name": "Ada", "email": "ada@example.org"})
    by_a_person = await made(town.as_person("bea"), town.repository)
    assert [one["verification"]["reason"] for one in (named, by_a_person)] == ["unsigned", "unsigned"]
    await town.person("bea").push("pushed", {"NEWS.md": "one\n"}, "Write the news")
    head = await git.text(town.repository.path, "rev-parse", "refs/heads/pushed")
    assert (await bot("GET", f"{HELLO}/git/commits/{head}")).body["verification"]["verified"] is False


async def test_signed_commits_are_merged_as_they_are_and_never_rebased(town: Town) -> None:
    town.world.rule(town.repository, "main", "required_signatures")
    issue = await pulled(town, (await made(await town.as_bot(), town.repository))["sha"])
    path = f"{HELLO}/pulls/{issue.number}/merge"
    rebased = await town.as_person("bea")("PUT", path, {"merge_method": "rebase"})
    assert (rebased.status, rebased.body["message"]) == (405, REFUSED)
    assert (await town.as_person("bea")("PUT", path, {"merge_method": "merge"})).status == 200


async def test_a_branch_that_wants_signatures_takes_no_reference_to_another_commit(town: Town) -> None:
    town.world.rule(town.repository, "topic/*", "required_signatures")
    bot = await town.as_bot()
    listed = (await bot("GET", f"{HELLO}/rules/branches/topic/one")).body
    assert [rule["type"] for rule in listed] == ["required_signatures"]
    plain = await made(bot, town.repository, author={"name": "Ada", "email": "ada@example.org"})
    asked = {"ref": "refs/heads/topic/one", "sha": plain["sha"]}
    refused = await bot("POST", f"{HELLO}/git/refs", asked)
    assert (refused.status, refused.body["message"]) == (422, REFUSED)
    signed = await made(bot, town.repository)
    assert (await bot("POST", f"{HELLO}/git/refs", asked | {"sha": signed["sha"]})).status == 201
    moved = await bot("PATCH", f"{HELLO}/git/refs/heads/topic/one", {"sha": plain["sha"], "force": True})
    assert (moved.status, moved.body["message"]) == (422, REFUSED)


async def test_a_push_of_what_is_not_signed_is_refused_there_in_githubs_words(town: Town, tmp_path: Path) -> None:
    town.world.rule(town.repository, "topic/*", "required_signatures")
    bot, token = await town.as_bot(), await town.token()
    signed = await made(bot, town.repository)
    url = f"{town.github.url}/octo/hello.git".replace("://", f"://x-access-token:{token}@")
    await git.git(tmp_path, "clone", "--quiet", url, "work")
    work = tmp_path / "work"
    await git.git(work, "fetch", "--quiet", "origin", signed["sha"])
    await git.git(work, "push", "--quiet", "origin", f"{signed['sha']}:refs/heads/topic/signed")
    mine = await git.commit(
        work, signed["tree"]["sha"], [signed["sha"]], "Mine", git.GITHUB, git.GITHUB, "2026-03-01T00:00:00Z"
    )
    code, _, said = await git.run(work, "push", "origin", f"{mine}:refs/heads/topic/mine")
    assert code != 0
    assert "GH013: Repository rule violations found for refs/heads/topic/mine." in said.decode()
    assert "- Commits must have verified signatures." in said.decode()
    assert sorted(await town.world.branches(town.repository)) == ["main", "topic/signed"]
