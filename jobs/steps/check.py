"""A check: a command of the project, in a box over a scratch copy of the tree.

With `expect: any` it is a baseline: what fails before anything was changed is known afterwards, and only new
failures count. With `expect: red` it shows that there is something to mend. Otherwise it must be green; what is red is
repaired, the check runs again after every repair, and an exhausted repair fails the run. Then the tests that the change
touches are run on the base and on the head: evidence that they show something.
"""

from collections.abc import Collection
from typing import Any

from core.boxes import CommandResult
from core.digests import digest
from core.errors import BaselineRed, ChecksUnusable, NothingChanged, RedTogether, StillRed
from core.names import Sha, Value
from core.outputs import ChangeSummary
from core.states import Trigger
from core.workflow import Check, Repair, Step
from handlers import replies
from handlers.replies.words import plural
from jobs import handed
from jobs.dependencies import tail
from jobs.memo import StepMemo, remembered
from jobs.outcomes import Done, End, Outcome
from jobs.steps.agent import hand_in, patch, repair_prompt
from jobs.work import BASE, Work
from jobs.workbench import CheckPlan, Workbench
from policies.detect import detect, may_tell
from policies.globs import matching
from policies.reports import Judged, Verdict, failing_tests, judged

SHOWN_CHARACTERS = 6_000
"""How much of a command's output a repair prompt and a comment may carry."""


class CheckReport(Value):
    """How a check ended. `failing` names tests where the output tells them."""

    verdict: Verdict
    why: str = ""
    exit_code: int | None
    failing: tuple[str, ...] = ()
    seconds: float
    output: str
    """The end of the output."""
    output_digest: str
    """Where all of it is, in the artifact store."""


class Evidence(Value):
    """The tests that the change adds or touches, on the base and on the head."""

    files: tuple[str, ...] = ()
    base: Verdict | None = None
    head: Verdict | None = None
    why: str = ""

    @property
    def shows(self) -> bool:
        """Red on the base and green on the head."""
        return self.base is Verdict.red and self.head is Verdict.green


async def perform(step: Step, check: Check, work: Work) -> Outcome:
    bench = await work.bench()
    if step.expect == "any":
        return await _baseline(step, check, work, bench)
    if step.expect == "red":
        return await _reproduced(step, check, work, bench)
    return await _green(step, check, work, bench)


async def _baseline(step: Step, check: Check, work: Work, bench: Workbench) -> Outcome:
    plan = await _plan(step, check.uses, work, bench)
    await bench.set_up(plan)
    report = await _run(f"{step.id}/check", work, bench, plan, work.run.base_sha, step.timeout)
    output = {"check": plan.model_dump(mode="json"), "report": report.model_dump(mode="json")}
    if report.verdict is Verdict.green:
        return Done(output, f"`{plan.run}` is green on the base")
    if report.verdict is not Verdict.red:
        raise ChecksUnusable(f"`{plan.run}` cannot be run on the base: {report.why}", evidence=report.output)
    if not report.failing:
        raise BaselineRed(f"`{plan.run}` fails on `{work.run.base_ref}` before any change.", evidence=report.output)
    await work.remark("baseline-red", replies.baseline_red(report.failing, plan.run))
    return Done(output, f"{plural(len(report.failing), 'test')} failed on the base already; only new failures count")


async def _reproduced(step: Step, check: Check, work: Work, bench: Workbench) -> Outcome:
    """What is to be mended; where nothing is, the run is done, and says so."""
    plan = await _plan(step, check.uses, work, bench)
    await bench.set_up(plan)
    report = await _run(f"{step.id}/check", work, bench, plan, work.run.base_sha, step.timeout)
    if report.verdict is Verdict.green:
        await work.remark("nothing-to-fix", replies.nothing_to_fix(plan.run, work.run.base_ref))
        return End(Trigger.finish, f"`{plan.run}` is green: there is nothing to fix", code="nothing-to-fix")
    if report.verdict is not Verdict.red:
        raise ChecksUnusable(f"`{plan.run}` cannot be run on the base: {report.why}", evidence=report.output)
    output = {"check": plan.model_dump(mode="json"), "report": report.model_dump(mode="json")}
    found = plural(len(report.failing), "failing test") if report.failing else "red, without names of tests"
    return Done(output, f"`{plan.run}`: {found}")


async def _green(step: Step, check: Check, work: Work, bench: Workbench) -> Outcome:
    plan = handed.pinned(work, check.uses) or await _plan(step, check.uses, work, bench)
    known = handed.failing_before(work, check.uses)
    await bench.set_up(plan)
    tree = work.tree()
    if not await _differs(step, work, bench, tree):
        raise NothingChanged("The agent handed in its work, but no file is different.")
    report = await _run(f"{step.id}/check:0", work, bench, plan, tree, step.timeout)
    if not _only_known(report.verdict, report.failing, known) and any(BASE in back for back in work.went_back()):
        # The baseline looked at another base than the one that the change lies on by now.
        now = await _run(f"{step.id}/base", work, bench, plan, work.run.base_sha, step.timeout)
        known |= frozenset(now.failing)
    repairs = 0
    while not _only_known(report.verdict, report.failing, known):
        if step.repair is None or repairs == step.repair.attempts:
            raise StillRed(f"`{plan.run}` is still red after {plural(repairs, 'repair')}.", evidence=report.output)
        repairs += 1
        tree = await _repair(step.repair, f"{step.id}/repair:{repairs}", repairs, work, bench, plan, tree, report)
        report = await _run(f"{step.id}/check:{repairs}", work, bench, plan, tree, step.timeout)
    evidence = await _evidence(step, work, bench, plan, tree, known)
    output = {
        "check": plan.model_dump(mode="json"),
        "tree": tree,
        "repairs": repairs,
        "report": report.model_dump(mode="json"),
        "evidence": evidence.model_dump(mode="json"),
    }
    mended = f" after {plural(repairs, 'repair')}" if repairs else ""
    return Done(output, f"`{plan.run}` is green{mended}; {evidence.why}")


async def stays_green(key: str, step: Step, plan: CheckPlan, tree: Sha, work: Work) -> None:
    """Run a check that was green once more, on a tree that is another one by now. Raises RedTogether."""
    bench = await work.bench()
    await bench.set_up(plan)
    report = await _run(key, work, bench, plan, tree, step.timeout)
    if not _only_known(report.verdict, report.failing, handed.failing_before(work, plan.name)):
        why = f"`{plan.run}` is green on the item's change alone, and not together with those before it."
        raise RedTogether(why, evidence=report.output)


async def _differs(step: Step, work: Work, bench: Workbench, tree: Sha) -> bool:
    start = work.run.part.tree if work.run.part is not None else work.run.base_sha

    async def look() -> bool:
        return bool(await bench.workspace.changed_paths(start, tree))

    return bool(await remembered(work, f"{step.id}/differs", digest("differs", start, tree), look))


async def _repair(
    repair: Repair,
    key: str,
    attempt: int,
    work: Work,
    bench: Workbench,
    plan: CheckPlan,
    tree: Sha,
    report: CheckReport,
) -> Sha:
    """The tree after one attempt to mend what is red."""
    prompt = await repair_prompt(
        work,
        plan,
        output=report.output,
        diff=await patch(f"{key}/diff", work, tree),
        attempt=attempt,
        attempts=repair.attempts,
    )
    handed = await hand_in(work, key, repair.role, prompt, ChangeSummary, writes=True, start=tree)
    await work.journal("check.repaired", {"step": key, "tree": handed.tree, "turns": handed.turns})
    return Sha(handed.tree or tree)


async def _evidence(
    step: Step, work: Work, bench: Workbench, plan: CheckPlan, tree: Sha, known: frozenset[str]
) -> Evidence:
    """What the touched tests show, recorded: no command is run twice for it."""
    asked = digest("evidence", plan.model_dump(mode="json"), work.run.base_sha, tree, sorted(known))

    async def look() -> Any:
        return (await _look(work, bench, plan, tree, known)).model_dump(mode="json")

    return Evidence.model_validate(await remembered(work, f"{step.id}/evidence", asked, look))


async def _look(work: Work, bench: Workbench, plan: CheckPlan, tree: Sha, known: frozenset[str]) -> Evidence:
    """Run the touched tests on the base (with only them taken from the head) and on the head.

    What failed before the change shows nothing about it, on either side.
    """
    changed = await bench.workspace.changed_paths(work.run.base_sha, tree)
    present = [path.path for path in changed if path.head_blob is not None]
    files = tuple(matching(present, plan.tests))
    if not files:
        return Evidence(why="the change touches no test")
    script, arguments = (plan.select, files) if plan.select else (plan.run, ())
    overlay = await bench.workspace.overlay(work.run.base_sha, tree, files)
    on_base = _shown(await bench.command(overlay, script, arguments), known)
    on_head = _shown(await bench.command(tree, script, arguments), known)
    why = f"{', '.join(files)}: {on_base} on the base, {on_head} on the head"
    return Evidence(files=files, base=on_base, head=on_head, why=why)


def _shown(result: CommandResult, known: frozenset[str]) -> Verdict:
    """The verdict over the tests that did not fail before the change."""
    verdict = _judged(result).verdict
    return Verdict.green if _only_known(verdict, failing_tests(result.text), known) else verdict


def _only_known(verdict: Verdict, failing: Collection[str], known: frozenset[str]) -> bool:
    """Green, or red with no test failing that did not fail before the change."""
    return verdict is Verdict.green or (verdict is Verdict.red and bool(failing) and set(failing) <= known)


async def _run(key: str, work: Work, bench: Workbench, plan: CheckPlan, tree: Sha, seconds: int | None) -> CheckReport:
    """How the check ends on this tree, recorded under the key: no two runs print the same times, and what a repair
    was asked for must stay what it was."""
    memo, asked = StepMemo(work, checkpointed=None), digest("check", plan.model_dump(mode="json"), tree)
    if (kept := await memo.recall(key, asked)) is not None:
        return CheckReport.model_validate(kept)
    result = await bench.command(tree, plan.run, seconds=seconds)
    ended = _judged(result)
    report = CheckReport(
        verdict=ended.verdict,
        why=ended.why,
        exit_code=result.exit_code,
        failing=tuple(sorted(failing_tests(result.text))) if ended.verdict is Verdict.red else (),
        seconds=round(result.duration_seconds, 3),
        output=tail(result, SHOWN_CHARACTERS),
        output_digest=await work.services.artifacts.put(result.output),
    )
    facts = {"tree": tree, "command": plan.run, **report.model_dump(mode="json", exclude={"output"})}
    await work.journal("check.ran", facts)
    await memo.keep(key, asked, report.model_dump(mode="json"))
    return report


def _judged(result: CommandResult) -> Judged:
    return judged(result.exit_code, result.text, timed_out=result.timed_out)


async def _plan(step: Step, name: str, work: Work, bench: Workbench) -> CheckPlan:
    """The check and its setup, recorded: what a policy file or the tree says later changes no check that began."""

    async def look() -> Any:
        return (await _named(name, work, bench)).model_dump(mode="json")

    asked = digest("check plan", name, work.run.base_sha)
    return CheckPlan.model_validate(await remembered(work, f"{step.id}/plan", asked, look))


async def _named(name: str, work: Work, bench: Workbench) -> CheckPlan:
    """The check and its setup as the policy names them; where it names no such check, as the files tell."""
    policy = (await work.policy()).policy
    said, setup, why = policy.checks.get(name), policy.setup, "`.github/pullwright.yml`"
    if said is None:
        files = await bench.files()
        contents = await bench.read_texts([path for path in files if may_tell(path)])
        found = detect(files, contents.get)
        said, setup, why = found.checks.get(name), policy.setup or found.setup, found.why
    if said is None:
        raise ChecksUnusable(f"It is not known how to run `{name}` here: {why}.")
    return CheckPlan(name=name, run=said.run, select=said.select, tests=said.tests, setup=setup, why=why)
