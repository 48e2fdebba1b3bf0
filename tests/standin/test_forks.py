"""Pull requests from forks: shaped as GitHub's, their commits in the base repository too, told of there alone."""

from bot.demo.github import Issue, Person
from bot.demo.github import git as plumbing

from .conftest import Town

HELLO = "/repos/octo/hello"


async def offered(town: Town) -> tuple[Person, Issue]:
    """A pull request of rob's, who may only read, from a branch of his fork that bears the name of one here."""
    rob = await town.person("rob").fork()
    await town.person("bea").push("news", {"OTHER.md": "other\n"}, "Other news")
    await rob.push("news", {"NEWS.md": "one\ntwo\n"}, "Write the news")
    return rob, await town.person("rob").open_pull("rob:news", "main", "Write the news")


async def test_its_head_is_in_another_repository_which_says_that_it_is_a_fork(town: Town) -> None:
    rob, issue = await offered(town)
    shown = (await (await town.as_bot())("GET", f"{HELLO}/pulls/{issue.number}")).body
    assert (shown["head"]["label"], shown["head"]["user"]["login"]) == ("rob:news", "rob")
    assert (shown["head"]["repo"]["id"], shown["head"]["repo"]["fork"]) == (rob.repository.id, True)
    assert (shown["base"]["repo"]["id"], shown["base"]["repo"]["fork"]) == (town.repository.id, False)
    assert (shown["base"]["repo"]["forks_count"], shown["maintainer_can_modify"]) == (1, True)
    assert (shown["changed_files"], shown["additions"], shown["mergeable"]) == (1, 2, True)


async def test_its_commit_is_in_the_base_repository_under_the_name_of_the_pull_request(town: Town) -> None:
    rob, issue = await offered(town)
    held = f"refs/pull/{issue.number}/head"
    assert issue.pull is not None
    assert await plumbing.resolve(town.repository.path, held) == issue.pull.head_sha
    after = await rob.push("news", {"NEWS.md": "three\n"}, "Write other news")
    assert await plumbing.resolve(town.repository.path, held) == after
    told = (await town.hear()).last("pull_request", "synchronize")
    assert (told["repository"]["full_name"], told["after"]) == ("octo/hello", after)
    assert (told["pull_request"]["head"]["sha"], told["sender"]["login"]) == (after, "rob")


async def test_a_push_to_the_fork_tells_the_base_of_nothing_else_and_one_here_moves_no_head_there(town: Town) -> None:
    rob, issue = await offered(town)
    (await town.hear()).deliveries.clear()
    await rob.push("news", {"NEWS.md": "three\n"}, "Write other news")
    assert (await town.hear()).names() == ["pull_request.synchronize"]
    assert issue.pull is not None
    head = issue.pull.head_sha
    await town.person("bea").push("news", {"OTHER.md": "more\n"}, "More")
    assert issue.pull.head_sha == head


async def test_a_deleted_fork_leaves_the_pull_request_open_with_a_head_in_no_repository(town: Town) -> None:
    rob, issue = await offered(town)
    await rob.delete_repository()
    shown = (await (await town.as_bot())("GET", f"{HELLO}/pulls/{issue.number}")).body
    assert (shown["state"], shown["head"]["repo"], shown["head"]["user"]) == ("open", None, None)
    assert (shown["head"]["label"], shown["changed_files"]) == ("unknown:news", 1)


async def test_the_app_may_neither_update_nor_find_it_as_a_branch_of_the_repository(town: Town) -> None:
    _, issue = await offered(town)
    bot = await town.as_bot()
    assert (await bot("PUT", f"{HELLO}/pulls/{issue.number}/update-branch", {})).status == 403
    assert (await bot("GET", f"{HELLO}/pulls?head=octo:news")).body == []
    assert len((await bot("GET", f"{HELLO}/pulls?head=rob:news")).body) == 1
    again = await bot("POST", f"{HELLO}/pulls", {"title": "T", "head": "news", "base": "main"})
    assert again.status == 201, "a branch of the same name here is another head"


async def test_a_review_comments_on_lines_of_the_diff_and_on_several_of_one_hunk(town: Town) -> None:
    _, issue = await offered(town)
    bot, path = await town.as_bot(), f"{HELLO}/pulls/{issue.number}/reviews"

    async def said(**where: int) -> object:
        comment = {"path": "NEWS.md", "side": "RIGHT", "body": "Well.", **where}
        answer = await bot("POST", path, {"event": "COMMENT", "body": "Hm.", "comments": [comment]})
        return answer.body.get("errors", answer.status)

    assert await said(line=2, start_line=1) == 200
    assert await said(line=3) == ["pull_request_review_thread.line must be part of the diff"]
    assert await said(line=1, start_line=2) == ["pull_request_review_thread.start_line must precede the end line."]
