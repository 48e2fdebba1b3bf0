"""The activity of a repository: every move of a branch, as GitHub's documentation describes it."""

from bot.demo.github import git

from .conftest import Town

ACTIVITY = "/repos/octo/hello/activity"


async def test_every_move_of_a_branch_is_listed_newest_first_with_whoever_did_it(town: Town) -> None:
    bea = town.person("bea")
    head = await bea.push("topic", {"NEWS.md": "one\n"}, "Write the news")
    issue = await bea.open_pull("topic", "main", "Write the news")
    main = await git.text(town.repository.path, "rev-parse", "main")
    merged = await bea.merge(issue)
    told = (await (await town.as_bot())("GET", ACTIVITY)).body
    kinds = [(one["activity_type"], one["ref"], one["before"], one["after"]) for one in told[:2]]
    assert kinds == [
        ("pr_merge", "refs/heads/main", main, merged),
        ("branch_creation", "refs/heads/topic", git.NOBODY, head),
    ]
    assert told[0].keys() == {"id", "node_id", "before", "after", "ref", "timestamp", "activity_type", "actor"}
    assert told[0]["actor"]["login"] == "bea"
    of_topic = (await (await town.as_bot())("GET", f"{ACTIVITY}?ref=topic&direction=asc")).body
    assert [one["after"] for one in of_topic] == [head]
    first = await (await town.as_bot())("GET", f"{ACTIVITY}?per_page=1")
    assert len(first.body) == 1
    assert 'rel="next"' in first.headers["Link"]
    assert "page=2" not in first.headers["Link"], "cursors, not numbers"
