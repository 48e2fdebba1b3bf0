"""What an App cannot do by REST: leaving draft, returning to it, auto-merge, the merge queue, and pinning issues.

No schema: the mutation's name is looked for in the query, its input in the variables or written out. Errors come
with status 200 in GraphQL's shape, as at GitHub.
"""

import json
import re

from . import shapes
from .acts import pulls, queueing, telling
from .errors import Refusal
from .pull_facts import facts
from .records import ROLES, Edit, Issue, Json, Repository
from .routing import Call, Reply, Routes, grants, visible

routes = Routes()
_MUTATION = re.compile(
    r"\b(markPullRequestReadyForReview|convertPullRequestToDraft|enablePullRequestAutoMerge|disablePullRequestAutoMerge"
    r"|enqueuePullRequest)\s*\("
)
_QUEUED = re.compile(r"\bnode\s*\(\s*id:\s*\$(\w+)\s*\).*\bisInMergeQueue\b", re.DOTALL)
_PIN = re.compile(r"\bpinIssue\s*\(")
_PINNED = re.compile(r"\bnode\s*\(\s*id:\s*\$(\w+)\s*\).*\bisPinned\b", re.DOTALL)
MOST_PINNED = 3
_EDITS = re.compile(r"\bnode\s*\(\s*id:\s*\$(\w+)\s*\).*\buserContentEdits\s*\(\s*first:\s*\$(\w+)", re.DOTALL)
_WRITTEN_OUT = re.compile(r'(\w+)\s*:\s*("(?:[^"\\]|\\.)*"|\$\w+|[A-Z_]+)')


class _Wrong(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@routes("POST", "/graphql", needs="anyone")
async def graphql(call: Call) -> Reply:
    call.account  # noqa: B018 (anonymous callers are refused with 401)
    query = str(call.body.get("query") or "")
    if asked := _QUEUED.search(query):
        return _queued(call, str((call.body.get("variables") or {}).get(asked.group(1)) or ""))
    if pins := _PIN.search(query):
        return await _pin(call, _input(query[pins.end() :], call.body.get("variables") or {}))
    if asked := _PINNED.search(query):
        return _is_pinned(call, str((call.body.get("variables") or {}).get(asked.group(1)) or ""))
    if asked := _EDITS.search(query):
        given = call.body.get("variables") or {}
        return _edits(call, str(given.get(asked.group(1)) or ""), int(given.get(asked.group(2)) or 0))
    found = _MUTATION.search(query)
    if found is None:
        call.world.unknown_requests.append(f"POST /graphql {query[:200]}")
        return Reply(200, {"errors": [{"type": "undefinedField", "message": "the stand-in does not know this query"}]})
    name = found.group(1)
    given = _input(query[found.end() :], call.body.get("variables") or {})
    try:
        repository, issue = _target(call, str(given.get("pullRequestId") or ""))
        shown = await _act(call, name, given, repository, issue)
    except _Wrong as wrong:
        error = {"type": wrong.kind, "path": [name], "locations": [{"line": 1, "column": 1}], "message": str(wrong)}
        return Reply(200, {"data": {name: None}, "errors": [error]})
    key = "mergeQueueEntry" if name == "enqueuePullRequest" else "pullRequest"
    return Reply(200, {"data": {name: {"clientMutationId": given.get("clientMutationId"), key: shown}}})


def _plain_issue(call: Call, node_id: str) -> tuple[Repository, Issue]:
    for repository in call.world.repositories.values():
        for issue in repository.issues.values():
            if issue.node_id == node_id and issue.pull is None and visible(call.world, call.actor, repository):
                return repository, issue
    raise _Wrong("NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'")


async def _pin(call: Call, given: Json) -> Reply:
    """At most three issues of a repository are pinned at a time."""
    try:
        repository, issue = _plain_issue(call, str(given.get("issueId") or ""))
        if call.actor.token and not grants(call.actor, repository, "issues:write"):
            raise _Wrong("FORBIDDEN", "Resource not accessible by integration")
        if not issue.pinned and sum(one.pinned for one in repository.issues.values()) >= MOST_PINNED:
            raise _Wrong("UNPROCESSABLE", f"Maximum {MOST_PINNED} pinned issues per repository")
    except _Wrong as wrong:
        error = {"type": wrong.kind, "path": ["pinIssue"], "message": str(wrong)}
        return Reply(200, {"data": {"pinIssue": None}, "errors": [error]})
    if not issue.pinned:
        issue.pinned = True
        await telling.tell(call.world, call.actor, repository, issue, "pinned")
    return Reply(200, {"data": {"pinIssue": {"issue": {"id": issue.node_id, "isPinned": True}}}})


def _is_pinned(call: Call, node_id: str) -> Reply:
    try:
        _, issue = _plain_issue(call, node_id)
    except _Wrong as wrong:
        error = {"type": wrong.kind, "path": ["node"], "message": str(wrong)}
        return Reply(200, {"data": {"node": None}, "errors": [error]})
    return Reply(200, {"data": {"node": {"isPinned": issue.pinned}}})


def _queued(call: Call, node_id: str) -> Reply:
    try:
        repository, issue = _target(call, node_id)
    except _Wrong as wrong:
        error = {"type": wrong.kind, "path": ["node"], "message": str(wrong)}
        return Reply(200, {"data": {"node": None}, "errors": [error]})
    return Reply(200, {"data": {"node": {"isInMergeQueue": queueing.entry_of(repository, issue) is not None}}})


def _edits(call: Call, node_id: str, most: int) -> Reply:
    """What a comment says now and who edited it, newest first. An App's login comes without its ending in GraphQL."""
    for repository in call.world.repositories.values():
        if not visible(call.world, call.actor, repository):
            continue
        for issue in repository.issues.values():
            for comment in issue.comments:
                if comment.node_id == node_id:
                    shown = [_edit(edit) for edit in comment.edits[:most]]
                    edits = {"totalCount": len(comment.edits), "nodes": shown}
                    return Reply(200, {"data": {"node": {"body": comment.body, "userContentEdits": edits}}})
    message = f"Could not resolve to a node with the global id of '{node_id}'"
    return Reply(200, {"data": {"node": None}, "errors": [{"type": "NOT_FOUND", "path": ["node"], "message": message}]})


def _edit(it: Edit) -> Json:
    app = it.editor.type == "Bot"
    editor = {"__typename": it.editor.type, "login": it.editor.login.removesuffix("[bot]" if app else "")}
    return {"id": it.node_id, "editedAt": shapes.iso(it.edited_at), "deletedAt": None, "editor": editor}


def _input(rest: str, variables: Json) -> Json:
    """The fields of `input`, from the one variable that holds them or from the text, variables filled in."""
    whole = re.match(r"\s*input\s*:\s*\$(\w+)", rest)
    if whole:
        return dict(variables.get(whole.group(1)) or {})
    given: Json = {}
    for field, value in _WRITTEN_OUT.findall(rest.partition("}")[0]):
        if value.startswith("$"):
            given[field] = variables.get(value[1:])
        else:
            given[field] = json.loads(value) if value.startswith('"') else value
    return given


def _target(call: Call, node_id: str) -> tuple[Repository, Issue]:
    """The pull request of this node id, where the caller may see and write it."""
    for repository in call.world.repositories.values():
        for issue in repository.pulls:
            if issue.pull and issue.pull.node_id == node_id and visible(call.world, call.actor, repository):
                _require_write(call, repository)
                return repository, issue
    raise _Wrong("NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'")


def _require_write(call: Call, repository: Repository) -> None:
    if call.actor.token:
        if not grants(call.actor, repository, "pull_requests:write"):
            raise _Wrong("FORBIDDEN", "Resource not accessible by integration")
    elif ROLES.index(call.world.role(repository, call.actor.account)) < ROLES.index("write"):
        raise _Wrong("FORBIDDEN", f"{call.actor.login} does not have permission to update this pull request")


async def _act(call: Call, name: str, given: Json, repository: Repository, issue: Issue) -> Json:
    pull = issue.pull
    assert pull is not None  # noqa: S101 (_target finds pull requests only)
    if issue.state != "open":
        raise _Wrong("UNPROCESSABLE", "Pull request is not open")
    if name in {"markPullRequestReadyForReview", "convertPullRequestToDraft"}:
        draft = name == "convertPullRequestToDraft"
        if draft and not repository.drafts_supported:
            raise _Wrong("UNPROCESSABLE", "Draft pull requests are not supported in this repository.")
        await pulls.set_draft(call.world, call.actor, repository, issue, draft)
    elif name == "enqueuePullRequest":
        head = given.get("expectedHeadOid")
        try:
            entry = await queueing.enqueue(call.world, call.actor, repository, issue, head)
        except Refusal as refused:
            raise _Wrong("UNPROCESSABLE", refused.message) from refused
        return queueing.shown(call.world, repository, entry)
    elif name == "enablePullRequestAutoMerge":
        await _enable_auto_merge(call, given, repository, issue)
    else:
        pull.auto_merge = None
    return {
        "id": pull.node_id,
        "databaseId": pull.id,
        "number": issue.number,
        "isDraft": pull.draft,
        "state": "MERGED" if pull.merged_at else issue.state.upper(),
        "url": f"{call.world.url}/{repository.full_name}/pull/{issue.number}",
        "headRefOid": pull.head_sha,
        "autoMergeRequest": pull.auto_merge and {"mergeMethod": pull.auto_merge["merge_method"].upper()},
    }


async def _enable_auto_merge(call: Call, given: Json, repository: Repository, issue: Issue) -> None:
    """Only where something still stands between the pull request and its merge; else GitHub says to merge it."""
    pull = issue.pull
    assert pull is not None  # noqa: S101 (_target finds pull requests only)
    if not repository.allow_auto_merge:
        raise _Wrong("UNPROCESSABLE", "Auto merge is not allowed for this repository")
    state = (await facts(repository, issue)).mergeable_state
    if state in {"clean", "unstable"}:
        raise _Wrong("UNPROCESSABLE", f"Pull request is in {state} status")
    if given.get("expectedHeadOid") not in {None, pull.head_sha}:
        raise _Wrong("UNPROCESSABLE", "Head branch was modified. Review and try the merge again.")
    method = str(given.get("mergeMethod") or "MERGE").lower()
    if method not in repository.merge_methods:
        raise _Wrong("UNPROCESSABLE", f"Merge method {method} merging is not allowed on this repository")
    account, _ = telling.author_of(call.actor)
    pull.auto_merge = {
        "enabled_by": shapes.user(call.world, account),
        "merge_method": method,
        "commit_title": given.get("commitHeadline"),
        "commit_message": given.get("commitBody"),
    }
    await telling.tell(call.world, call.actor, repository, issue, "auto_merge_enabled")
