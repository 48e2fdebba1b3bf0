"""Check runs and commit statuses, within GitHub's limits. Only an App may write a check run."""

from datetime import datetime

from .. import git, shapes
from ..errors import Refusal, custom, invalid, missing, not_found
from ..records import Account, Actor, App, CheckRun, CommitStatus, Json, Repository
from ..world import World
from . import merging, queueing
from .refs import suite_for, tell_suite

TEXT_LIMIT = 65_535
ANNOTATIONS_PER_REQUEST = 50
ACTION_LIMITS = {"label": 20, "description": 40, "identifier": 20}
CONCLUSIONS = {"success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale"}
STATUSES = {"queued", "in_progress", "completed", "waiting", "requested", "pending"}


async def create_run(world: World, actor: Actor, app: App, repository: Repository, body: Json) -> CheckRun:
    """A new check run. GitHub does not look at `external_id` here: a second one of the same name is a second run."""
    for field in ("name", "head_sha"):
        if not body.get(field):
            raise missing("CheckRun", field)
    sha = await git.resolve(repository.path, str(body["head_sha"]))
    if sha is None or sha != body["head_sha"]:
        raise custom("CheckRun", f"No commit found for SHA: {body['head_sha']}")
    branches = await git.refs(repository.path)
    branch = next((name.removeprefix("refs/heads/") for name, tip in branches.items() if tip == sha), None)
    check_fields(body)
    suite, _ = suite_for(world, repository, app, sha, branch)
    number, node = world.next_id("CR")
    details = f"{world.url}/{repository.full_name}/runs/{number}"
    run = CheckRun(number, node, suite, str(body["name"]), sha, "queued", None, world.now(), None, "", details, {})
    suite.runs.append(run)
    _apply(world, run, body)
    tell_run(world, actor, repository, run, "created")
    if run.status == "completed":
        await _completed(world, actor, repository, run)
    return run


async def update_run(world: World, actor: Actor, repository: Repository, run: CheckRun, body: Json) -> None:
    check_fields(body)
    was = run.status
    _apply(world, run, body)
    if run.status == "completed" and (was != "completed" or "conclusion" in body):
        await _completed(world, actor, repository, run)


def find(repository: Repository, run_id: int) -> CheckRun:
    for run in repository.check_runs:
        if run.id == run_id:
            return run
    raise not_found()


def press(world: World, actor: Actor, repository: Repository, run: CheckRun, identifier: str) -> None:
    """A person presses one of the run's buttons; only the App that owns the run hears of it."""
    if identifier not in {action["identifier"] for action in run.actions}:
        raise Refusal(404, f"the check run shows no button {identifier!r}")
    tell_run(world, actor, repository, run, "requested_action", {"requested_action": {"identifier": identifier}})


def rerequest(world: World, actor: Actor, repository: Repository, run: CheckRun) -> None:
    tell_run(world, actor, repository, run, "rerequested")


async def set_status(world: World, creator: Account, repository: Repository, sha: str, body: Json) -> CommitStatus:
    if body.get("state") not in {"error", "failure", "pending", "success"}:
        raise invalid("Status", "state")
    description = body.get("description")
    if description is not None and len(description) > 140:
        raise custom("Status", "description is too long (maximum is 140 characters)")
    context = str(body.get("context") or "default")
    status = CommitStatus(
        *world.next_id("SC"), creator, sha, context, body["state"], description, body.get("target_url"), world.now()
    )
    repository.statuses.append(status)
    branches = [
        {"name": name.removeprefix("refs/heads/"), "commit": {"sha": tip}, "protected": False}
        for name, tip in (await git.refs(repository.path)).items()
        if tip == sha and name.startswith("refs/heads/")
    ]
    about = {"sha": sha, "name": repository.full_name, "branches": branches[:10]}
    payload = shapes.status(world, repository, status) | about
    world.webhooks.emit(world, repository, "status", None, Actor(creator), payload)
    await merging.merge_when_possible(world, repository, sha)
    await queueing.settle(world, repository, sha)
    return status


def check_fields(body: Json) -> None:
    """Refuse what GitHub refuses: unknown words, text, annotations and buttons beyond the limits."""
    if body.get("status", "queued") not in STATUSES:
        raise invalid("CheckRun", "status")
    conclusion = body.get("conclusion")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise invalid("CheckRun", "conclusion")
    if body.get("status") == "completed" and conclusion is None:
        raise missing("CheckRun", "conclusion")
    output = body.get("output") or {}
    for field in ("title", "summary"):
        if output and not output.get(field):
            raise missing("CheckRun", field)
    _check_lengths(output, body.get("actions") or [])


def _check_lengths(output: Json, actions: list[Json]) -> None:
    for field in ("summary", "text"):
        if len(output.get(field) or "") > TEXT_LIMIT:
            raise Refusal(422, f"Invalid request.\n\nOnly {TEXT_LIMIT} characters are allowed; {field} is too long.")
    if len(output.get("annotations") or []) > ANNOTATIONS_PER_REQUEST:
        raise Refusal(422, f"Invalid request.\n\nNo more than {ANNOTATIONS_PER_REQUEST} items are allowed.")
    if len(actions) > 3:
        raise Refusal(422, "Invalid request.\n\nNo more than 3 items are allowed; actions.")
    for action in actions:
        for field, limit in ACTION_LIMITS.items():
            if not action.get(field):
                raise missing("CheckRun", field)
            if len(action[field]) > limit:
                raise Refusal(422, f"Invalid request.\n\nOnly {limit} characters are allowed; {field} is too long.")


def tell_run(
    world: World, actor: Actor, repository: Repository, run: CheckRun, action: str, extra: Json | None = None
) -> None:
    payload: Json = {"check_run": shapes.check_run(world, repository, run, whole_suite=True)}
    only = run.suite.app if action in {"requested_action", "rerequested"} else None
    world.webhooks.emit(world, repository, "check_run", action, actor, payload | (extra or {}), only=only)


async def _completed(world: World, actor: Actor, repository: Repository, run: CheckRun) -> None:
    tell_run(world, actor, repository, run, "completed")
    if all(each.status == "completed" for each in run.suite.runs):
        tell_suite(world, actor, repository, run.suite, "completed")
    await merging.merge_when_possible(world, repository, run.head_sha)
    await queueing.settle(world, repository, run.head_sha)


def _apply(world: World, run: CheckRun, body: Json) -> None:
    for field in ("name", "external_id", "details_url", "status"):
        if body.get(field) is not None:
            setattr(run, field, body[field])
    if body.get("conclusion"):
        run.conclusion, run.status = body["conclusion"], "completed"
        run.completed_at = _moment(body.get("completed_at")) or world.now()
    elif body.get("status") and body["status"] != "completed":
        run.conclusion, run.completed_at = None, None
    run.started_at = _moment(body.get("started_at")) or run.started_at
    output = dict(body.get("output") or {})
    run.annotations += output.pop("annotations", None) or []
    output.pop("images", None)
    run.output |= output
    if body.get("actions") is not None:
        run.actions = list(body["actions"])
    run.suite.updated_at = world.now()


def _moment(written: str | None) -> datetime | None:
    if not written:
        return None
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise invalid("CheckRun", "completed_at") from None
