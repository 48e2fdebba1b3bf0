"""Check runs, check suites and commit statuses."""

from .. import git, shapes
from ..acts import checks, refs
from ..errors import Refusal, not_found
from ..records import CheckRun, CheckSuite
from ..routing import Call, Reply, Routes

routes = Routes()
RUN = "/repos/{owner}/{repo}/check-runs/{id}"
SUITE = "/repos/{owner}/{repo}/check-suites/{id}"


@routes("POST", "/repos/{owner}/{repo}/check-runs", needs="checks:write")
async def create(call: Call) -> Reply:
    run = await checks.create_run(call.world, call.actor, call.app, call.repository, call.body)
    return Reply(201, shapes.check_run(call.world, call.repository, run))


@routes("PATCH", RUN, needs="checks:write")
async def change(call: Call) -> Reply:
    run = _own_run(call)
    await checks.update_run(call.world, call.actor, call.repository, run, call.body)
    return Reply(200, shapes.check_run(call.world, call.repository, run))


@routes("GET", RUN, needs="checks:read")
async def get(call: Call) -> Reply:
    run = checks.find(call.repository, call.id("id"))
    return Reply(200, shapes.check_run(call.world, call.repository, run))


@routes("GET", RUN + "/annotations", needs="checks:read")
async def annotations(call: Call) -> Reply:
    return call.listed(checks.find(call.repository, call.id("id")).annotations, dict)


@routes("GET", "/repos/{owner}/{repo}/actions/jobs/{id}/logs", needs="actions:read")
async def log(call: Call) -> Reply:
    """Where it lies for a minute, for whoever has the address; without one that is signed there is nothing."""
    if call.id("id") not in call.world.job_logs:
        raise not_found()
    return Reply(302, None, {"Location": f"{call.world.url}/_logs/{call.id('id')}?sig=x"})


@routes("GET", "/_logs/{id}", needs="anyone")
async def lying_log(call: Call) -> Reply:
    """Another host's in truth, which refuses a request that says who it is."""
    if "Authorization" in call.request.headers:
        raise Refusal(400, "InvalidAuthenticationInfo")
    return Reply(200, call.world.job_logs[call.id("id")])


@routes("POST", RUN + "/rerequest", needs="checks:write")
async def rerequest(call: Call) -> Reply:
    run = checks.find(call.repository, call.id("id"))
    checks.rerequest(call.world, call.actor, call.repository, run)
    return Reply(201, {})


@routes("POST", "/repos/{owner}/{repo}/check-suites", needs="checks:write")
async def create_suite(call: Call) -> Reply:
    sha = await git.resolve(call.repository.path, str(call.body.get("head_sha") or ""))
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.body.get('head_sha')}")
    suite, new = refs.suite_for(call.world, call.repository, call.app, sha, None)
    return Reply(201 if new else 200, shapes.check_suite(call.world, call.repository, suite))


@routes("GET", SUITE, needs="checks:read")
async def get_suite(call: Call) -> Reply:
    return Reply(200, shapes.check_suite(call.world, call.repository, _suite(call)))


@routes("GET", SUITE + "/check-runs", needs="checks:read")
async def runs_of_suite(call: Call) -> Reply:
    return call.counted("check_runs", _suite(call).runs, lambda run: shapes.check_run(call.world, call.repository, run))


@routes("POST", SUITE + "/rerequest", needs="checks:write")
async def rerequest_suite(call: Call) -> Reply:
    refs.tell_suite(call.world, call.actor, call.repository, _suite(call), "rerequested")
    return Reply(201, {})


@routes("POST", "/repos/{owner}/{repo}/statuses/{sha}", needs="statuses:write")
async def create_status(call: Call) -> Reply:
    sha = await git.resolve(call.repository.path, call.parts["sha"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.parts['sha']}")
    status = await checks.set_status(call.world, call.account, call.repository, sha, call.body)
    return Reply(201, shapes.status(call.world, call.repository, status))


def _own_run(call: Call) -> CheckRun:
    run = checks.find(call.repository, call.id("id"))
    if run.suite.app is not call.app:
        raise Refusal(
            403,
            "Invalid app_id `"
            + str(call.app.id)
            + "` - check run can only be modified by the GitHub App that created it.",
        )
    return run


def _suite(call: Call) -> CheckSuite:
    for suite in call.repository.suites:
        if suite.id == call.id("id"):
            return suite
    raise not_found()
