"""CI exposure: what the repository's own CI would hand to code that nobody has seen, if the bot pushed it now.

A pushed branch and its pull request start the base's workflows, and what a job holds, the pushed code holds. So before
anything is pushed the workflows are read as they are on the base, and `exposure()` says of each whether it starts and
what it exposes. Whatever cannot be told is a doubt, and a doubt counts as exposed. `hold()` says what follows under a
policy. The change itself can add nothing: what CI runs is protected (`policies.content`).

What people cause counts as seen by them: reviewing, labelling or dispatching. What the repository's settings say (the
token's default rights, the rules of environments, who runs first-time contributors' workflows) no App without
administration may read.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Literal

from policies.exposure_conditions import surely_false
from policies.exposure_reach import takes_ours
from policies.exposure_rights import Finding, environment, runner, steps_that_run, token, uses_secrets
from policies.exposure_triggers import ANY_OF_THEM, EVENTS, Offer, caused, chained_to, events_of, known_of
from policies.exposure_yaml import Plain, Unreadable, mapping, read
from policies.result import Fact, Result, Status, all_of
from policies.words import code

FOLDER = ".github/workflows"
SUFFIXES = (".yml", ".yaml")
OTHER_CI = (
    ".appveyor.yml",
    ".buildkite/pipeline.yml",
    ".circleci/config.yml",
    ".cirrus.yml",
    ".drone.yml",
    ".semaphore/semaphore.yml",
    ".travis.yml",
    "Jenkinsfile",
    "appveyor.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
)
"""Where other services look for what to run on a push. What they hold is in their settings, so it is in doubt. All of
them but Jenkins, which leaves it to a plugin, keep quiet for a commit that says `[skip ci]`."""
UNMARKED = "Jenkinsfile"
MOST_NESTED = 10
"""How deep a workflow may call others, on GitHub too."""
MOST_QUIET = 3
"""Files that are named where several will not start."""
MOST_CALLS = 100
"""Calls of other workflows that are followed for one file; GitHub itself allows fewer."""

_TOP = frozenset({"name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"})
_JOB = frozenset(
    {
        *("name", "needs", "permissions", "if", "runs-on", "environment", "concurrency", "outputs", "env", "defaults"),
        *("steps", "timeout-minutes", "strategy", "continue-on-error", "container", "services", "uses", "with"),
        *("secrets", "snapshot"),
    }
)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What CI would expose: one child for each file, `denied` where it exposes something, `error` in doubt, `approved`
    where it starts and exposes nothing, `skipped` where it does not start."""

    result: Result
    beyond_the_marker: bool = False
    """Whether something is exposed, or in doubt, that `[skip ci]` does not stop."""
    narrowed: tuple[str, ...] = ()
    """Files that start on a `push` alone, and only on one that touches certain paths."""

    @property
    def starts(self) -> bool:
        """Whether anything of CI is there that may start."""
        return any(child.status is not Status.skipped for child in self.result.children)


class Hold(StrEnum):
    """What is done until people have approved the content."""

    nothing = "nothing"
    marker = "marker"
    """The head commit says `[skip ci]`."""
    unpushed = "unpushed"
    """Nothing is pushed: something would start that the marker does not stop."""


def hold(ci: Literal["auto", "hold", "run"], exposure: Exposure) -> Hold:
    """What the policy key `ci` means for this exposure. `auto` holds what is exposed or in doubt."""
    if ci == "run" or (ci == "auto" and not exposure.result.refused):
        return Hold.nothing
    return Hold.unpushed if exposure.beyond_the_marker else Hold.marker


def exposure(files: Mapping[str, str | None], offer: Offer) -> Exposure:
    """What the CI files of the base would expose to this branch and pull request.

    `files`: the texts of `.github/workflows`, by path, None for one that could not be read; and of `OTHER_CI` what is
    there, whose texts do not count. Total: nothing that stands in a file raises.
    """
    workflows = {path: _parsed(text) for path, text in sorted(files.items()) if path not in OTHER_CI}
    judge = _Judge(workflows, offer)
    judged = {path: judge.file(path, files[path]) for path in workflows}
    children = [result for result, _ in judged.values()] + [_other(path) for path in sorted(files) if path in OTHER_CI]
    beyond = any(unstopped for _, unstopped in judged.values()) or UNMARKED in files
    if not children:
        return Exposure(Result("ci", Status.skipped, "The repository has no CI that is known."))
    if all(child.status is Status.skipped for child in children):
        why = "No workflow starts for the branch or the pull request."
        return Exposure(Result("ci", Status.skipped, why, children=tuple(children)))
    why = "What CI runs for the branch and the pull request holds nothing that it could expose."
    narrowed = tuple(path for path in workflows if judge.is_narrowed(path))
    return Exposure(all_of("ci", children, why=why), beyond, narrowed)


def stays_quiet(exposure: Exposure, held: Hold) -> str:
    """What CI will not do once people have approved what the marker held, and what helps; empty where all of it starts.

    The commit that replaces the held one has the same tree. GitHub compares the two ends of a push to a branch that
    is there already, so it touches no path:
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#git-diff-comparisons
    """
    if held is not Hold.marker or not exposure.narrowed:
        return ""
    named = [code(path) for path in exposure.narrowed[:MOST_QUIET]]
    more = len(exposure.narrowed) - len(named)
    which = ", ".join(named) + (f" and {more} more" if more else "")
    one = len(exposure.narrowed) == 1
    return (
        f"{which} {'starts' if one else 'start'} on pushes that touch certain paths (`paths`), and will not start "
        "after the approval: the commit that replaces the held one has the same files. Let "
        f"{'it' if one else 'them'} listen to `pull_request` as well, or write `ci: run` in the policy."
    )


@dataclass(frozen=True, slots=True)
class _Workflow:
    name: str
    events: dict[str, dict[str, Plain]]
    file: dict[str, Plain]

    def called(self, path: str) -> str:
        """What a `workflow_run` calls it: by its path where it has no name."""
        return (self.name or path).strip().lower()

    @property
    def jobs(self) -> dict[str, dict[str, Plain]]:
        return {name: mapping(job) for name, job in mapping(self.file.get("jobs")).items()}


def _parsed(text: str | None) -> _Workflow | str:
    """The workflow, or why it cannot be read."""
    if text is None:
        return "the file could not be read"
    try:
        file = read(text)
        if strange := sorted(file.keys() - _TOP):
            raise Unreadable(f"the key {code(strange[0][:40])} is not known")
        name = file.get("name")
        workflow = _Workflow(name if isinstance(name, str) else "", events_of(file.get("on")), file)
        for job in workflow.jobs.values():
            if strange := sorted(job.keys() - _JOB):
                raise Unreadable(f"the key {code(strange[0][:40])} of a job is not known")
    except Unreadable as error:
        return str(error)
    return workflow


class _Judge:
    """Looks at one file, with the others beside it for what it calls and what it chains to."""

    def __init__(self, workflows: Mapping[str, _Workflow | str], offer: Offer) -> None:
        self._workflows = workflows
        self._offer = offer
        self._calls = 0

    def file(self, path: str, text: str | None) -> tuple[Result, bool]:
        """What the file exposes, and whether the marker leaves some of it."""
        self._calls = 0
        workflow = self._workflows[path]
        if isinstance(workflow, str):
            beyond = text is None or any(word in text for word in ANY_OF_THEM)
            return Result(path, Status.error, f"Nobody can tell what {code(path)} does: {workflow}."), beyond
        try:
            return self._judged(path, workflow)
        except Unreadable as error:
            beyond = any(not EVENTS[name].marker_stops for name in workflow.events if name in EVENTS)
            return Result(path, Status.error, f"Nobody can tell what {code(path)} does: {error}."), beyond

    def is_narrowed(self, path: str) -> bool:
        """Whether the file starts for us on a push alone, and only on one that touches certain paths."""
        workflow = self._workflows[path]
        try:
            if isinstance(workflow, str) or self._started(workflow) != {"push"}:
                return False
        except Unreadable:
            return False
        return not {"paths", "paths-ignore"}.isdisjoint(workflow.events["push"])

    def _judged(self, path: str, workflow: _Workflow) -> tuple[Result, bool]:
        started = self._started(workflow)
        if not started:
            why = f"{code(path)} does not start for the branch or the pull request."
            return Result(path, Status.skipped, why, (Fact("listens to", tuple(sorted(workflow.events))),)), False
        found: dict[str, list[Finding]] = {name: self._on(name, path, workflow) for name in sorted(started)}
        beyond = any(findings and not self._marker_stops(name, workflow) for name, findings in found.items())
        every = list(dict.fromkeys(finding for findings in found.values() for finding in findings))
        facts = (Fact("starts on", tuple(sorted(started))),)
        if not every:
            return Result(path, Status.approved, f"{code(path)} holds nothing that it could expose.", facts), beyond
        children = tuple(_shown(finding) for finding in every)
        sure = [finding.why for finding in every if not finding.doubt] or [finding.why for finding in every]
        status = Status.denied if any(not finding.doubt for finding in every) else Status.error
        why = f"In {code(path)} {'; '.join(sure[:3])}" + (f"; and {len(sure) - 3} more." if len(sure) > 3 else ".")
        return Result(path, status, why, facts, children), beyond

    def _started(self, workflow: _Workflow) -> set[str]:
        """The events that we cause, of which a job may run."""
        return {name for name in self._caused(workflow, self._causing) if self._jobs(name, workflow)}

    def _caused(self, workflow: _Workflow, causing: Set[str] | None) -> set[str]:
        said = {name: more for name, more in workflow.events.items() if name in EVENTS}
        return {name for name, more in said.items() if caused(name, more, self._offer, causing)}

    @cached_property
    def _causing(self) -> Set[str] | None:
        """The workflows that our push or pull request starts, each by its name or path; None where one of them cannot
        be read, which may have any name."""
        if any(isinstance(workflow, str) for workflow in self._workflows.values()):
            return None
        named = {path: one for path, one in self._workflows.items() if isinstance(one, _Workflow)}
        names: set[str] = set()
        for _ in named:  # a chain is no longer than there are files
            more = {one.called(path) for path, one in named.items() if self._caused(one, names)}
            if more <= names:
                break
            names |= more
        return names

    def _marker_stops(self, event: str, workflow: _Workflow, seen: Set[str] = frozenset()) -> bool:
        """Whether `[skip ci]` keeps this event from happening: that of a chain where it stops all that it hangs on."""
        if event != "workflow_run":
            return EVENTS[event].marker_stops
        named = chained_to(workflow.events[event])
        for path, other in self._workflows.items():
            if isinstance(other, str):
                return False
            if path in seen or other.called(path) not in named:
                continue
            if not all(self._marker_stops(name, other, {*seen, path}) for name in self._caused(other, self._causing)):
                return False
        return True

    def _jobs(self, event: str, workflow: _Workflow) -> dict[str, dict[str, Plain]]:
        known = known_of(event, self._offer)
        return {name: job for name, job in workflow.jobs.items() if not surely_false(job.get("if"), known)}

    def _on(self, event: str, path: str, workflow: _Workflow) -> list[Finding]:
        """What the workflow exposes on this event."""
        jobs = self._jobs(event, workflow)
        if EVENTS[event].runs == "base" and not (taken := self._taken(event, path, jobs, 0)):
            return []
        around = {key: workflow.file.get(key) for key in ("env", "defaults", "concurrency", "run-name")}
        found = uses_secrets(around, "the whole workflow")
        own = ("permissions" in workflow.file, workflow.file.get("permissions"))
        for name, job in jobs.items():
            found += self._rights(event, path, name, job, own, 0)
        if EVENTS[event].runs == "ours":
            return found
        # What a job holds is in doubt as long as it is in doubt whether our code gets there.
        doubt = all(finding.doubt for finding in taken)
        return [*taken, *(replace(finding, doubt=finding.doubt or doubt) for finding in found)]

    def _rights(
        self, event: str, path: str, name: str, job: dict[str, Plain], above: tuple[bool, Plain], depth: int
    ) -> list[Finding]:
        """What one job holds, and what the workflow holds that it calls. `above`: the permissions around it."""
        where, known = f"job {code(name)}", known_of(event, self._offer)
        given, permissions = ("permissions" in job, job.get("permissions"))
        if not given:
            given, permissions = above
        if "uses" in job:
            found = uses_secrets({key: job[key] for key in job.keys() - {"secrets"}}, where)
            secrets = job.get("secrets")
            inherits = [Finding("secrets", f"{where} hands all secrets on (`secrets: inherit`)")]
            found += inherits if secrets == "inherit" else uses_secrets(secrets, where)
            return found + self._called(event, path, where, str(job["uses"]), (given, permissions), depth)
        shown: dict[str, Plain] = {**job, "steps": [*steps_that_run(job, known)]}
        return [
            *uses_secrets(shown, where),
            *token(permissions, given, where),
            *runner(job, where),
            *environment(job, where),
        ]

    def _called(
        self, event: str, path: str, where: str, uses: str, above: tuple[bool, Plain], depth: int
    ) -> list[Finding]:
        """What a reusable workflow holds; one of another repository cannot be read here."""
        called = self._reusable(uses, depth)
        if called is None:
            doubt = Finding("called workflow", f"{where} calls {code(uses[:100])}, which cannot be read", doubt=True)
            return [doubt, *token(above[1], above[0], where)]
        own = ("permissions" in called.file, called.file.get("permissions"))
        # What is called has at most what its caller has: where that is nothing, its own words do not count.
        settled = above[0] and not token(above[1], True, where)
        around = own if own[0] and not settled else above
        found: list[Finding] = []
        for name, job in self._jobs(event, called).items():
            seen = {key: said for key, said in job.items() if key != "permissions" or not settled}
            found += self._rights(event, path, name, seen, around, depth + 1)
        # Secrets are only there where the caller hands them over, which was looked at.
        return [one for one in found if one.about != "secrets"]

    def _reusable(self, uses: str, depth: int) -> _Workflow | None:
        """The workflow of this repository that is called so; None where it cannot be read, or not for ever."""
        self._calls += 1
        called = self._workflows.get(uses.removeprefix("./")) if uses.startswith(f"./{FOLDER}/") else None
        return called if isinstance(called, _Workflow) and depth < MOST_NESTED and self._calls <= MOST_CALLS else None

    def _taken(self, event: str, path: str, jobs: Mapping[str, dict[str, Plain]], depth: int) -> list[Finding]:
        """How a run of the repository's own code comes by what our branch brought."""
        found: list[Finding] = []
        for name, job in jobs.items():
            where = f"job {code(name)}"
            if "uses" not in job:
                found += takes_ours(steps_that_run(job, known_of(event, self._offer)), where)
                continue
            uses = str(job["uses"])
            called = self._reusable(uses, depth)
            if called is None:
                why = f"{where} calls {code(uses[:100])}, which cannot be read"
                found.append(Finding("called workflow", why, doubt=True))
            else:
                found += self._taken(event, path, self._jobs(event, called), depth + 1)
        return found


def _shown(finding: Finding) -> Result:
    status = Status.error if finding.doubt else Status.denied
    return Result(finding.about, status, f"{finding.why[:1].upper()}{finding.why[1:]}.")


def _other(path: str) -> Result:
    return Result(path, Status.error, f"{code(path)} is there, and nobody can tell what that service holds.")
