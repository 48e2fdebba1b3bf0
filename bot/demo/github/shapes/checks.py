"""Check suites, check runs and commit statuses as JSON."""

from typing import TYPE_CHECKING

from ..records import CheckRun, CheckSuite, CommitStatus, Json, Repository
from . import accounts
from .times import iso

if TYPE_CHECKING:
    from ..world import World


def _pulls_at(world: "World", repository: Repository, branch: str | None) -> list[Json]:
    """The open pull requests of the branch a suite ran on, in the short form checks carry."""
    stub = {"id": repository.id, "url": f"{world.url}/repos/{repository.full_name}", "name": repository.name}
    return [
        {
            "id": it.pull.id,
            "number": it.number,
            "url": f"{world.url}/repos/{repository.full_name}/pulls/{it.number}",
            "head": {"ref": it.pull.head_ref, "sha": it.pull.head_sha, "repo": stub},
            "base": {"ref": it.pull.base_ref, "sha": it.pull.base_sha, "repo": stub},
        }
        for it in repository.pulls
        if it.pull
        and it.state == "open"
        and it.pull.head_repository is repository
        and branch is not None
        and it.pull.head_ref == branch
    ]


def suite_state(it: CheckSuite) -> tuple[str, str | None]:
    """Status and conclusion of a suite, from its runs; the worst conclusion wins."""
    if not it.runs:
        return "queued", None
    if any(run.status != "completed" for run in it.runs):
        return "in_progress", None
    order = ("failure", "timed_out", "cancelled", "action_required", "stale", "success", "neutral", "skipped")
    return "completed", min((run.conclusion or "success" for run in it.runs), key=order.index)


def check_suite(world: "World", repository: Repository, it: CheckSuite) -> Json:
    api = f"{world.url}/repos/{repository.full_name}"
    status, conclusion = suite_state(it)
    return {
        "id": it.id,
        "node_id": it.node_id,
        "head_branch": it.head_branch,
        "head_sha": it.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": f"{api}/check-suites/{it.id}",
        "before": None,
        "after": it.head_sha,
        "pull_requests": _pulls_at(world, repository, it.head_branch),
        "app": accounts.app(world, it.app),
        "created_at": iso(it.created_at),
        "updated_at": iso(it.updated_at),
        "rerequestable": True,
        "runs_rerequestable": True,
        "latest_check_runs_count": len(it.runs),
        "check_runs_url": f"{api}/check-suites/{it.id}/check-runs",
    }


def check_run(world: "World", repository: Repository, it: CheckRun, whole_suite: bool = False) -> Json:
    """A check run; webhooks carry the whole suite in it, REST answers only its id."""
    api = f"{world.url}/repos/{repository.full_name}/check-runs/{it.id}"
    suite = check_suite(world, repository, it.suite)
    return {
        "id": it.id,
        "node_id": it.node_id,
        "name": it.name,
        "head_sha": it.head_sha,
        "external_id": it.external_id,
        "url": api,
        "html_url": f"{world.url}/{repository.full_name}/runs/{it.id}",
        "details_url": it.details_url,
        "status": it.status,
        "conclusion": it.conclusion,
        "started_at": iso(it.started_at),
        "completed_at": iso(it.completed_at),
        "output": {
            "title": it.output.get("title"),
            "summary": it.output.get("summary"),
            "text": it.output.get("text"),
            "annotations_count": len(it.annotations),
            "annotations_url": f"{api}/annotations",
        },
        "check_suite": suite if whole_suite else {"id": it.suite.id},
        "app": accounts.app(world, it.suite.app),
        "pull_requests": suite["pull_requests"],
    }


def status(world: "World", repository: Repository, it: CommitStatus) -> Json:
    return {
        "id": it.id,
        "node_id": it.node_id,
        "url": f"{world.url}/repos/{repository.full_name}/statuses/{it.sha}",
        "avatar_url": f"{world.url}/avatars/{it.creator.id}",
        "state": it.state,
        "description": it.description,
        "target_url": it.target_url,
        "context": it.context,
        "created_at": iso(it.created_at),
        "updated_at": iso(it.created_at),
        "creator": accounts.user(world, it.creator),
    }
