"""Pull requests: open, read, list, change, merge; their files, commits and requested reviewers."""

from .. import git, pull_facts, shapes
from ..acts import issues, merging, pulls
from ..errors import Refusal, invalid
from ..records import Issue
from ..routing import Call, Reply, Routes, grants

routes = Routes()
ALL = "/repos/{owner}/{repo}/pulls"
ONE = ALL + "/{number:[0-9]+}"
READ, WRITE = "pull_requests:read", "pull_requests:write"


async def whole(call: Call, issue: Issue) -> dict[str, object]:
    return shapes.pull(call.world, call.repository, issue, await pull_facts.facts(call.repository, issue))


@routes("GET", ALL, needs=READ)
async def list_pulls(call: Call) -> Reply:
    """`head` is `owner:branch`; GitHub ignores one without an owner."""
    query, repository = call.query, call.repository
    owner, colon, branch = query.get("head", "").partition(":")
    found = [
        each
        for each in repository.pulls
        if each.pull
        and query.get("state", "open") in {each.state, "all"}
        and query.get("base", each.pull.base_ref) == each.pull.base_ref
        and (not colon or (owner.lower() == shapes.head_owner(each.pull).lower() and branch == each.pull.head_ref))
    ]
    created = query.get("sort", "created") == "created"
    down = query.get("direction", "desc" if created else "asc") == "desc"
    found.sort(key=lambda each: (each.created_at if created else each.updated_at, each.number), reverse=down)
    return call.listed(found, lambda each: shapes.simple_pull(call.world, repository, each))


@routes("POST", ALL, needs=WRITE, role="read")
async def create(call: Call) -> Reply:
    issue = await pulls.open_pull(call.world, call.actor, call.repository, call.body)
    return Reply(201, await whole(call, issue))


@routes("GET", ONE, needs=READ)
async def get(call: Call) -> Reply:
    issue, pull = call.pull
    if "diff" in call.request.headers.get("Accept", ""):
        _, start = await pull_facts.ends(call.repository, pull)
        text = await git.git(call.repository.path, "diff", "--no-ext-diff", "--no-textconv", start, pull.head_sha)
        return Reply(200, text, {"Content-Type": "application/vnd.github.diff; charset=utf-8"})
    if call.repository.mergeable_unknown_reads > 0:
        call.repository.mergeable_unknown_reads -= 1
        return Reply(200, await whole(call, issue) | {"mergeable": None, "mergeable_state": "unknown"})
    return Reply(200, await whole(call, issue))


@routes("PATCH", ONE, needs=WRITE)
async def change(call: Call) -> Reply:
    issue, _ = call.pull
    body = call.body
    await issues.edit(call.world, call.actor, call.repository, issue, body.get("title"), body.get("body"))
    if body.get("base"):
        await pulls.set_base(call.world, call.actor, call.repository, issue, str(body["base"]))
    if body.get("state") == "closed":
        await issues.close(call.world, call.actor, call.repository, issue)
    elif body.get("state") == "open":
        await issues.reopen(call.world, call.actor, call.repository, issue)
    elif body.get("state") is not None:
        raise invalid("PullRequest", "state")
    return Reply(200, await whole(call, issue))


@routes("GET", ONE + "/files", needs=READ)
async def files(call: Call) -> Reply:
    _, pull = call.pull
    found = await pull_facts.files(call.repository, pull)
    return call.listed(found, lambda each: shapes.pull_file(call.world, call.repository, pull.head_sha, each))


@routes("GET", ONE + "/commits", needs=READ)
async def commits(call: Call) -> Reply:
    _, pull = call.pull
    _, start = await pull_facts.ends(call.repository, pull)
    listed = await git.text(call.repository.path, "rev-list", "--reverse", f"{start}..{pull.head_sha}")
    page, headers = call.page(listed.split())
    return Reply(200, [await shapes.commit(call.world, call.repository, sha) for sha in page], headers)


@routes("GET", ONE + "/merge", needs="contents:read")
async def is_merged(call: Call) -> Reply:
    if call.pull[1].merged_at is None:
        raise Refusal(404, "Not Found")
    return Reply(204)


@routes("PUT", ONE + "/merge", needs="contents:write")
async def merge(call: Call) -> Reply:
    issue, _ = call.pull
    sha = await merging.merge(call.world, call.actor, call.repository, issue, call.body)
    return Reply(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@routes("GET", ONE + "/requested_reviewers", needs=READ)
async def requested_reviewers(call: Call) -> Reply:
    people = [shapes.user(call.world, each) for each in call.pull[1].requested_reviewers]
    return Reply(200, {"users": people, "teams": []})


@routes("POST", ONE + "/requested_reviewers", needs=WRITE, role="triage")
async def request_reviewers(call: Call) -> Reply:
    issue, _ = call.pull
    logins = [str(each) for each in call.body.get("reviewers") or []]
    await pulls.request_review(call.world, call.actor, call.repository, issue, logins)
    return Reply(201, shapes.simple_pull(call.world, call.repository, issue))


@routes("DELETE", ONE + "/requested_reviewers", needs=WRITE, role="triage")
async def withdraw_reviewers(call: Call) -> Reply:
    issue, _ = call.pull
    logins = [str(each) for each in call.body.get("reviewers") or []]
    await pulls.withdraw_request(call.world, call.actor, call.repository, issue, logins)
    return Reply(200, shapes.simple_pull(call.world, call.repository, issue))


@routes("PUT", ONE + "/update-branch", needs=WRITE)
async def update_branch(call: Call) -> Reply:
    """Merge the base into the head branch, which needs `contents: write` as well."""
    issue, pull = call.pull
    if call.actor.token and not grants(call.actor, call.repository, "contents:write"):
        raise Refusal(403, "Resource not accessible by integration")
    await merging.update_branch(call.world, call.actor, call.repository, issue, pull, call.body)
    return Reply(202, {"message": "Updating pull request branch.", "url": f"{call.world.url}{call.request.path}"})
