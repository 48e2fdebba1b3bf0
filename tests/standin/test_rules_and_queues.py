"""Rulesets and merge queues, as GitHub's documentation describes them."""

from bot.demo.github import Issue
from bot.demo.github.people import OtherApp

from .conftest import Town

HELLO = "/repos/octo/hello"
ENQUEUE = (
    "mutation($id: ID!, $head: GitObjectID!) { enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) "
    "{ mergeQueueEntry { position } } }"
)
QUEUED = "query($id: ID!) { node(id: $id) { ... on PullRequest { isInMergeQueue } } }"


async def opened(town: Town) -> Issue:
    await town.person("bea").push("topic", {"NEWS.md": "one\n"}, "Write the news")
    return await town.person("bea").open_pull("topic", "main", "Write the news")


async def graphql(town: Town, query: str, **variables: object) -> dict[str, object]:
    body = {"query": query, "variables": variables}
    return dict((await town.as_person("bea")("POST", "/graphql", body)).body)


async def in_queue(town: Town, issue: Issue) -> bool:
    assert issue.pull is not None
    return (await graphql(town, QUEUED, id=issue.pull.node_id))["data"] == {"node": {"isInMergeQueue": True}}


async def test_the_rules_of_a_branch_are_listed_with_their_source(town: Town) -> None:
    required = [{"context": "build"}]
    town.world.rule(town.repository, "main", "required_status_checks", required_status_checks=required)
    shown = (await (await town.as_bot())("GET", f"{HELLO}/rules/branches/main")).body
    assert shown == [
        {
            "type": "required_status_checks",
            "parameters": {"required_status_checks": [{"context": "build"}]},
            "ruleset_source_type": "Repository",
            "ruleset_source": "octo/hello",
            "ruleset_id": 1,
        }
    ]
    assert (await (await town.as_bot())("GET", f"{HELLO}/rules/branches/other")).body == []


async def test_a_required_check_of_a_ruleset_blocks_the_merge(town: Town) -> None:
    town.world.rule(town.repository, "main", "required_status_checks", required_status_checks=[{"context": "build"}])
    issue = await opened(town)
    answer = await town.as_person("bea")("PUT", f"{HELLO}/pulls/{issue.number}/merge", {})
    assert (answer.status, answer.body["message"]) == (405, 'Required status check "build" is expected.')


async def test_a_merge_commit_of_unsigned_commits_is_refused_and_a_squash_is_not(town: Town) -> None:
    town.world.rule(town.repository, "main", "required_signatures")
    issue = await opened(town)
    answer = await town.as_person("bea")("PUT", f"{HELLO}/pulls/{issue.number}/merge", {})
    assert answer.body["message"] == "Repository rule violations found\n\nCommits must have verified signatures."
    path = f"{HELLO}/pulls/{issue.number}/merge"
    assert (await town.as_person("bea")("PUT", path, {"merge_method": "squash"})).status == 200


async def test_with_a_merge_queue_nothing_is_merged_but_by_the_queue(town: Town) -> None:
    town.world.rule(town.repository, "main", "merge_queue")
    town.world.rule(town.repository, "main", "required_status_checks", required_status_checks=[{"context": "build"}])
    ci, issue = OtherApp(town.world, "acme-ci", town.repository), await opened(town)
    assert issue.pull is not None
    answer = await town.as_person("bea")("PUT", f"{HELLO}/pulls/{issue.number}/merge", {})
    assert answer.body["message"] == "Repository rule violations found\n\nChanges must be made through the merge queue"
    await ci.check(issue.pull.head_sha, "build", "success")
    assert not await in_queue(town, issue)
    asked = {"id": issue.pull.node_id, "head": issue.pull.head_sha}
    sent = await graphql(town, ENQUEUE, **asked)
    assert sent["data"]["enqueuePullRequest"]["mergeQueueEntry"]["position"] == 1  # type: ignore[index]
    assert await in_queue(town, issue)
    again = await graphql(town, ENQUEUE, **asked)
    assert again["errors"][0]["message"] == "Pull request is already in the queue"  # type: ignore[index]
    (entry,) = town.repository.queue
    branches = await town.world.branches(town.repository)
    assert branches[f"gh-readonly-queue/main/pr-{issue.number}-{entry.base_sha}"] == entry.group_sha
    await ci.check(entry.group_sha, "build", "success")
    assert issue.pull.merge_commit_sha == entry.group_sha
    assert issue.pull.merged_by is not None
    assert issue.pull.merged_by.login == "github-merge-queue[bot]"
    assert set(await town.world.branches(town.repository)) == {"main", "topic"}


async def test_a_group_whose_check_fails_leaves_the_queue_unmerged(town: Town) -> None:
    town.world.rule(town.repository, "main", "merge_queue")
    town.world.rule(town.repository, "main", "required_status_checks", required_status_checks=[{"context": "build"}])
    ci, issue = OtherApp(town.world, "acme-ci", town.repository), await opened(town)
    assert issue.pull is not None
    await ci.check(issue.pull.head_sha, "build", "success")
    await graphql(town, ENQUEUE, id=issue.pull.node_id, head=issue.pull.head_sha)
    await ci.check(town.repository.queue[0].group_sha, "build", "failure")
    assert (issue.pull.merged_at, issue.state, town.repository.queue) == (None, "open", [])


async def test_another_head_or_a_draft_does_not_get_into_the_queue(town: Town) -> None:
    town.world.rule(town.repository, "main", "merge_queue")
    issue = await opened(town)
    assert issue.pull is not None
    sent = await graphql(town, ENQUEUE, id=issue.pull.node_id, head="0" * 40)
    assert sent["errors"][0]["message"] == "Head branch was modified. Review and try the merge again."  # type: ignore[index]
    issue.pull.draft = True
    sent = await graphql(town, ENQUEUE, id=issue.pull.node_id, head=issue.pull.head_sha)
    assert sent["errors"][0]["message"] == "Pull request is in draft state"  # type: ignore[index]
