"""Branches, commits and comparisons."""

from .. import git, pull_facts, shapes
from ..errors import Refusal, not_found
from ..records import Json, Repository
from ..routing import Call, Reply, Routes

routes = Routes()
READ = "contents:read"


async def commit_of(repository: Repository, revision: str) -> str:
    """The commit a branch, tag or SHA names; GitHub answers 422 where there is none."""
    sha = await git.resolve(repository.path, revision)
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {revision}")
    return sha


@routes("GET", "/repos/{owner}/{repo}/branches", needs=READ)
async def list_branches(call: Call) -> Reply:
    tips = await call.world.branches(call.repository)
    kept = [(name, sha) for name, sha in sorted(tips.items()) if _wanted(call, name)]
    return call.listed(kept, lambda pair: _short(call, *pair))


@routes("GET", "/repos/{owner}/{repo}/branches/{branch:.+}", needs=READ)
async def get_branch(call: Call) -> Reply:
    name = call.parts["branch"]
    sha = (await call.world.branches(call.repository)).get(name)
    if sha is None:
        raise Refusal(404, "Branch not found")
    whole = await shapes.commit(call.world, call.repository, sha)
    api = f"{call.world.url}/repos/{call.repository.full_name}/branches/{name}"
    links = {"self": api, "html": f"{call.world.url}/{call.repository.full_name}/tree/{name}"}
    return Reply(200, _short(call, name, sha) | {"commit": whole, "_links": links})


@routes("GET", "/repos/{owner}/{repo}/rules/branches/{branch:.+}", needs="metadata:read")
async def rules(call: Call) -> Reply:
    """The rules of rulesets alone: classic protection does not show up in this list, at GitHub either."""
    return call.listed(pull_facts.rules_of(call.repository, call.parts["branch"]), dict)


@routes("GET", "/repos/{owner}/{repo}/commits", needs=READ)
async def list_commits(call: Call) -> Reply:
    start = await git.resolve(call.repository.path, call.query.get("sha") or call.repository.default_branch)
    if start is None:
        raise not_found()
    path = ["--", call.query["path"]] if call.query.get("path") else ["--"]
    listed = await git.text(call.repository.path, "--literal-pathspecs", "rev-list", start, *path)
    page, headers = call.page(listed.split())
    return Reply(200, [await shapes.commit(call.world, call.repository, sha) for sha in page], headers)


@routes("GET", "/repos/{owner}/{repo}/commits/{ref:.+}/check-runs", needs="checks:read")
async def check_runs(call: Call) -> Reply:
    """The newest run of each name by default; `filter=all` lists every one."""
    sha, query = await commit_of(call.repository, call.parts["ref"]), call.query
    found = [
        run
        for run in call.repository.check_runs
        if run.head_sha == sha
        and query.get("check_name", run.name) == run.name
        and query.get("status", run.status) == run.status
        and query.get("app_id", str(run.suite.app.id)) == str(run.suite.app.id)
    ]
    if query.get("filter", "latest") == "latest":
        found = list({(run.suite.app.id, run.name): run for run in found}.values())
    return call.counted("check_runs", found, lambda run: shapes.check_run(call.world, call.repository, run))


@routes("GET", "/repos/{owner}/{repo}/commits/{ref:.+}/check-suites", needs="checks:read")
async def check_suites(call: Call) -> Reply:
    sha = await commit_of(call.repository, call.parts["ref"])
    found = [
        suite
        for suite in call.repository.suites
        if suite.head_sha == sha and call.query.get("app_id", str(suite.app.id)) == str(suite.app.id)
    ]
    return call.counted("check_suites", found, lambda suite: shapes.check_suite(call.world, call.repository, suite))


@routes("GET", "/repos/{owner}/{repo}/commits/{ref:.+}/statuses", needs="statuses:read")
async def statuses(call: Call) -> Reply:
    sha = await commit_of(call.repository, call.parts["ref"])
    found = [each for each in reversed(call.repository.statuses) if each.sha == sha]
    return call.listed(found, lambda each: shapes.status(call.world, call.repository, each))


@routes("GET", "/repos/{owner}/{repo}/commits/{ref:.+}/status", needs="statuses:read")
async def combined_status(call: Call) -> Reply:
    sha = await commit_of(call.repository, call.parts["ref"])
    newest = {each.context: each for each in call.repository.statuses if each.sha == sha}
    states = {each.state for each in newest.values()}
    state = (
        "failure" if states & {"failure", "error"} else "pending" if "pending" in states or not states else "success"
    )
    shown = [shapes.status(call.world, call.repository, each) for each in newest.values()]
    about = {"repository": shapes.repository_stub(call.repository), "commit_url": "", "url": ""}
    return Reply(200, {"state": state, "statuses": shown, "sha": sha, "total_count": len(shown)} | about)


@routes("GET", "/repos/{owner}/{repo}/commits/{ref:.+}/pulls", needs="pull_requests:read")
async def pulls_of_commit(call: Call) -> Reply:
    sha = await commit_of(call.repository, call.parts["ref"])
    found = [
        each for each in call.repository.pulls if each.pull and sha in {each.pull.head_sha, each.pull.merge_commit_sha}
    ]
    return call.listed(found, lambda each: shapes.simple_pull(call.world, call.repository, each))


@routes("GET", "/repos/{owner}/{repo}/commits/{ref:.+}", needs=READ)
async def get_commit(call: Call) -> Reply:
    repository = call.repository
    sha = await commit_of(repository, call.parts["ref"])
    if "sha" in call.request.headers.get("Accept", ""):
        return Reply(200, sha.encode(), {"Content-Type": "application/vnd.github.sha; charset=utf-8"})
    shown = await shapes.commit(call.world, repository, sha)
    parent = shown["parents"][0]["sha"] if shown["parents"] else await _empty_tree(repository)
    files = await pull_facts.changed_files(repository, parent, sha)
    added, deleted = sum(each["additions"] for each in files), sum(each["deletions"] for each in files)
    return Reply(
        200,
        shown
        | {"stats": {"additions": added, "deletions": deleted, "total": added + deleted}}
        | {"files": [shapes.pull_file(call.world, repository, sha, each) for each in files]},
    )


@routes("GET", "/repos/{owner}/{repo}/compare/{basehead:.+}", needs=READ)
async def compare(call: Call) -> Reply:
    repository = call.repository
    left, dots, right = call.parts["basehead"].partition("...")
    base = await git.resolve(repository.path, left.rpartition(":")[2])
    head = await git.resolve(repository.path, right.rpartition(":")[2])
    if not dots or base is None or head is None:
        raise not_found()
    start = await git.merge_base(repository.path, base, head)
    if start is None:
        raise Refusal(404, f"No common ancestor between {left} and {right}.")
    counts = await git.text(repository.path, "rev-list", "--left-right", "--count", f"{base}...{head}")
    behind, ahead = (int(number) for number in counts.split())
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    between = (await git.text(repository.path, "rev-list", "--reverse", f"{base}..{head}")).split()
    page, headers = call.page(between)
    files = await pull_facts.changed_files(repository, start, head)
    shown: Json = {
        "url": f"{call.world.url}{call.request.path}",
        "html_url": f"{call.world.url}/{repository.full_name}/compare/{left}...{right}",
        "base_commit": await shapes.commit(call.world, repository, base),
        "merge_base_commit": await shapes.commit(call.world, repository, start),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": len(between),
        "commits": [await shapes.commit(call.world, repository, sha) for sha in page],
        "files": [shapes.pull_file(call.world, repository, head, each) for each in files],
    }
    return Reply(200, shown, headers)


def _wanted(call: Call, name: str) -> bool:
    protected = call.query.get("protected")
    return protected is None or (protected == "true") == (name in call.repository.protected)


def _short(call: Call, name: str, sha: str) -> Json:
    repository = call.repository
    rule = repository.protected.get(name)
    api = f"{call.world.url}/repos/{repository.full_name}"
    checks = list(rule.required_checks) if rule else []
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{api}/commits/{sha}"},
        "protected": rule is not None,
        "protection": {
            "enabled": rule is not None,
            "required_status_checks": {
                "enforcement_level": "non_admins" if checks else "off",
                "contexts": checks,
                "checks": [{"context": each, "app_id": None} for each in checks],
            },
        },
        "protection_url": f"{api}/branches/{name}/protection",
    }


async def _empty_tree(repository: Repository) -> str:
    return await git.text(repository.path, "hash-object", "-w", "-t", "tree", "--stdin")
