"""Issues, comments, labels, reactions and timelines."""

from pathlib import Path

from bot.demo.github import GitHubStandIn

from .conftest import Town

HELLO = "/repos/octo/hello"


async def test_what_the_app_writes_is_its_bots_and_names_the_app(town: Town) -> None:
    bot = await town.as_bot()
    issue = (await bot("POST", f"{HELLO}/issues", {"title": "Slow", "body": "It is.", "labels": ["bug"]})).body
    comment = (await bot("POST", f"{HELLO}/issues/{issue['number']}/comments", {"body": "Looking."})).body
    for written in (issue, comment):
        assert (written["user"]["login"], written["user"]["type"]) == ("pull-bot[bot]", "Bot")
        assert written["performed_via_github_app"]["id"] == town.app.id
    assert issue["html_url"] == f"{town.github.url}/octo/hello/issues/1"
    assert [label["name"] for label in issue["labels"]] == ["bug"]
    assert issue["created_at"] == "2026-03-01T12:00:00Z"


async def test_author_association_tells_how_the_author_stands(town: Town) -> None:
    for login, association in (("octo", "OWNER"), ("bea", "COLLABORATOR")):
        number = (await town.person(login).open_issue("x")).number
        answer = await (await town.as_bot())("GET", f"{HELLO}/issues/{number}")
        assert answer.body["author_association"] == association


async def test_a_comment_beyond_65536_characters_is_a_422(town: Town) -> None:
    await town.person("ada").open_issue("x")
    bot = await town.as_bot()
    path = f"{HELLO}/issues/1/comments"
    assert (await bot("POST", path, {"body": "a" * 65_536})).status == 201
    answer = await bot("POST", path, {"body": "a" * 65_537})
    assert answer.status == 422
    assert answer.body["message"] == "Validation Failed"
    assert answer.body["errors"][0]["message"] == "body is too long (maximum is 65536 characters)"
    assert len(town.world.comments_by(town.repository, "pull-bot[bot]")) == 1


async def test_comments_are_listed_in_pages_linked_to_each_other(town: Town) -> None:
    ada = town.person("ada")
    await ada.open_issue("x")
    for number in range(5):
        await ada.comment(1, f"comment {number}")
    bot = await town.as_bot()
    answer = await bot("GET", f"{HELLO}/issues/1/comments?per_page=2&page=2")
    assert [each["body"] for each in answer.body] == ["comment 2", "comment 3"]
    base = f"{town.github.url}{HELLO}/issues/1/comments?per_page=2&page="
    assert answer.headers["Link"] == ", ".join(
        f'<{base}{page}>; rel="{name}"' for name, page in (("prev", 1), ("next", 3), ("last", 3), ("first", 1))
    )


async def test_since_leaves_out_what_was_updated_earlier(town: Town) -> None:
    ada = town.person("ada")
    await ada.open_issue("x")
    early = await ada.comment(1, "early")
    town.clock.advance(minutes=5)
    await ada.comment(1, "late")
    bot = await town.as_bot()
    path = f"{HELLO}/issues/1/comments?since=2026-03-01T12:05:00Z"
    assert [each["body"] for each in (await bot("GET", path)).body] == ["late"]
    await ada.edit_comment(early.id, "early, edited")
    assert len((await bot("GET", path)).body) == 2


async def test_a_reaction_is_new_once(town: Town) -> None:
    await town.person("ada").open_issue("x")
    comment = await town.person("ada").comment(1, "/implement")
    bot, path = await town.as_bot(), f"{HELLO}/issues/comments/{comment.id}/reactions"
    first = await bot("POST", path, {"content": "eyes"})
    again = await bot("POST", path, {"content": "eyes"})
    assert (first.status, again.status, first.body["id"]) == (201, 200, again.body["id"])
    assert (await bot("POST", path, {"content": "shrug"})).status == 422
    assert (await bot("DELETE", f"{path}/{first.body['id']}")).status == 204
    assert (await bot("GET", path)).body == []


async def test_each_labelling_is_an_entry_with_its_own_id(town: Town) -> None:
    ada = town.person("ada")
    await ada.open_issue("x")
    await ada.label(1, "bug")
    await ada.label(1, "bug")
    await ada.unlabel(1, "bug")
    await ada.label(1, "bug")
    await ada.close_issue(1)
    bot = await town.as_bot()
    events = (await bot("GET", f"{HELLO}/issues/1/events")).body
    assert [each["event"] for each in events] == ["labeled", "unlabeled", "labeled", "closed"]
    assert len({each["id"] for each in events}) == 4
    assert len({each["node_id"] for each in events}) == 4
    assert events[0]["label"] == {"name": "bug", "color": "d73a4a"}
    assert events[0]["actor"]["login"] == "ada"
    timeline = (await bot("GET", f"{HELLO}/issues/1/timeline")).body
    assert [each["event"] for each in timeline] == [each["event"] for each in events]


async def test_the_timeline_tells_renaming_comments_and_references(town: Town) -> None:
    ada = town.person("ada")
    await ada.open_issue("x")
    await ada.edit_issue(1, title="y")
    await ada.comment(1, "hello")
    await ada.open_issue("another", "see #1")
    renamed, commented, referred = (await (await town.as_bot())("GET", f"{HELLO}/issues/1/timeline")).body
    assert renamed["rename"] == {"from": "x", "to": "y"}
    assert (commented["event"], commented["body"]) == ("commented", "hello")
    assert referred["event"] == "cross-referenced"
    assert referred["source"]["issue"]["number"] == 2


async def test_closing_and_reopening_keep_the_reason(town: Town) -> None:
    await town.person("ada").open_issue("x")
    bot = await town.as_bot()
    closed = await bot("PATCH", f"{HELLO}/issues/1", {"state": "closed", "state_reason": "not_planned"})
    assert (closed.body["state"], closed.body["state_reason"]) == ("closed", "not_planned")
    assert closed.body["closed_by"]["login"] == "pull-bot[bot]"
    opened = await bot("PATCH", f"{HELLO}/issues/1", {"state": "open"})
    assert (opened.body["state"], opened.body["state_reason"], opened.body["closed_at"]) == ("open", "reopened", None)


async def test_a_missing_label_cannot_be_removed(town: Town) -> None:
    await town.person("ada").open_issue("x")
    answer = await (await town.as_bot())("DELETE", f"{HELLO}/issues/1/labels/bug")
    assert (answer.status, answer.body["message"]) == (404, "Label does not exist")


async def test_a_label_name_with_a_colon_and_a_slash_is_removed_by_its_encoded_name(town: Town) -> None:
    await town.person("ada").open_issue("x", labels=["pullwright:a/b"])
    answer = await (await town.as_bot())("DELETE", f"{HELLO}/issues/1/labels/pullwright%3Aa%2Fb")
    assert (answer.status, answer.body) == (200, [])


async def test_labels_are_added_once_and_adding_none_takes_all_of_them_off(town: Town) -> None:
    await town.person("ada").open_issue("x", labels=["bug"])
    bot, path = await town.as_bot(), f"{HELLO}/issues/1/labels"
    answer = await bot("POST", path, {"labels": ["BUG", "new one"]})
    assert (answer.status, [label["name"] for label in answer.body]) == (200, ["bug", "new one"])
    assert (await town.hear()).names().count("issues.labeled") == 2
    assert (await bot("POST", path, {"labels": []})).body == []


async def test_whoever_has_nothing_to_do_with_a_repository_is_passed_over_when_people_are_assigned(town: Town) -> None:
    town.world.create_user("eve")
    await town.person("ada").open_issue("x")
    bot, path = await town.as_bot(), f"{HELLO}/issues/1/assignees"
    answer = await bot("POST", path, {"assignees": ["bea", "eve", "bea"]})
    assert (answer.status, [each["login"] for each in answer.body["assignees"]]) == (201, ["bea"])
    assert (await town.hear()).names().count("issues.assigned") == 1
    again = await bot("DELETE", path, {"assignees": ["bea"]})
    assert (again.status, again.body["assignees"]) == (200, [])


async def test_nobody_is_assigned_where_one_of_the_people_does_not_exist(town: Town) -> None:
    await town.person("ada").open_issue("x")
    bot, path = await town.as_bot(), f"{HELLO}/issues/1/assignees"
    assert (await bot("POST", path, {"assignees": ["bea", "nobody-at-all"]})).status == 404
    assert (await bot("GET", f"{HELLO}/issues/1")).body["assignees"] == []


async def test_an_app_without_issues_assigns_nobody_to_a_plain_issue(town: Town) -> None:
    await town.person("ada").open_issue("x")
    bot = await town.as_bot(permissions={"pull_requests": "write"})
    answer = await bot("POST", f"{HELLO}/issues/1/assignees", {"assignees": ["bea"]})
    assert (answer.status, answer.body["message"]) == (403, "Resource not accessible by integration")


async def test_closing_what_is_closed_changes_nothing_not_even_the_reason(town: Town) -> None:
    await town.person("ada").open_issue("x")
    await town.person("ada").close_issue(1, "not_planned")
    bot = await town.as_bot()
    closed = await bot("PATCH", f"{HELLO}/issues/1", {"state": "closed", "state_reason": "completed"})
    assert (closed.body["state"], closed.body["state_reason"], closed.body["closed_by"]["login"]) == (
        "closed",
        "not_planned",
        "ada",
    )
    events = (await bot("GET", f"{HELLO}/issues/1/events")).body
    assert [each["event"] for each in events] == ["closed"]


async def test_the_same_story_has_the_same_ids(town: Town, tmp_path: Path) -> None:
    async def told(folder: Path) -> list[object]:
        async with GitHubStandIn(folder, clock=town.clock) as github:
            github.world.create_user("ada")
            await github.world.create_repository("ada", "diary", town.repository.path)
            issue = await github.person("ada").open_issue("x", labels=["bug"])
            comment = await github.person("ada").comment(issue, "hello")
            return [issue.id, issue.node_id, comment.id, [entry.id for entry in issue.timeline]]

    assert await told(tmp_path / "one") == await told(tmp_path / "two")


async def test_a_route_nobody_knows_is_404_and_remembered(town: Town) -> None:
    answer = await (await town.as_bot())("GET", f"{HELLO}/milestones")
    assert (answer.status, answer.body["message"]) == (404, "Not Found")
    assert town.world.unknown_requests == [f"GET {HELLO}/milestones"]


async def test_every_request_is_remembered_with_its_caller(town: Town) -> None:
    await town.person("ada").open_issue("x")
    await (await town.as_bot())("POST", f"{HELLO}/issues/1/comments", {"body": "one"})
    (seen,) = town.world.requests_of("POST", "/comments")
    assert (seen.actor, seen.status) == ("pull-bot[bot]", 201)


async def test_a_deleted_issue_is_gone_and_its_number_is_not_used_again(town: Town) -> None:
    await town.person("ada").open_issue("x")
    await town.person("octo").delete_issue(1)
    bot = await town.as_bot()
    answer = await bot("GET", f"{HELLO}/issues/1")
    assert (answer.status, answer.body["message"]) == (410, "This issue was deleted")
    assert (await bot("POST", f"{HELLO}/issues/1/comments", {"body": "still there?"})).status == 410
    assert (await town.hear()).last("issues", "deleted")["issue"]["number"] == 1
    assert (await town.person("ada").open_issue("y")).number == 2


async def test_a_transferred_issue_answers_with_where_it_went(town: Town, tmp_path: Path) -> None:
    elsewhere = await town.world.create_repository("octo", "elsewhere", town.repository.path)
    ada = town.person("ada").at(town.repository)
    await ada.open_issue("x")
    await ada.comment(1, "first")
    moved = await ada.transfer_issue(1, elsewhere)
    answer = await (await town.as_bot())("GET", f"{HELLO}/issues/1")
    assert (answer.status, answer.headers["Location"]) == (301, f"{town.github.url}/repos/octo/elsewhere/issues/1")
    assert [comment.body for comment in moved.comments] == ["first"]
    changes = (await town.hear()).last("issues", "transferred")["changes"]
    assert changes["new_repository"]["full_name"] == "octo/elsewhere"


async def test_issues_are_found_by_state_label_and_creator(town: Town) -> None:
    ada, octo = town.person("ada"), town.person("octo")
    await ada.open_issue("one", labels=["bug"])
    await octo.open_issue("two", labels=["bug", "question"])
    await octo.open_issue("three")
    await octo.close_issue(3)
    bot = await town.as_bot()

    async def found(query: str) -> list[int]:
        return [each["number"] for each in (await bot("GET", f"{HELLO}/issues?{query}")).body]

    assert await found("") == [2, 1]
    assert await found("state=all&direction=asc") == [1, 2, 3]
    assert await found("labels=bug,question") == [2]
    assert await found("creator=ada&state=all") == [1]
