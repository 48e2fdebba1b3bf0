"""One file per kind of step; `perform` picks it by what the workflow's step says."""

from typing import assert_never

from core.workflow import (
    Agent,
    Ask,
    Change,
    Check,
    Composite,
    Foreach,
    Gate,
    Merge,
    Ready,
    Run,
    Ship,
    Step,
    Sub,
    Wait,
    Write,
)
from jobs.outcomes import Outcome
from jobs.steps import (
    agent,
    ask,
    check,
    failed_run,
    foreach,
    gate,
    github,
    merge,
    onboard,
    ready,
    research,
    revert,
    run,
    ship,
    sub,
    suggest,
    triage,
    wait,
    wait_checks,
    write,
)
from jobs.work import Work


async def perform(step: Step, work: Work) -> Outcome:  # noqa: C901  # one arm for each kind
    """What the step came to. Raises BotError where it failed for good or for now."""
    match step.action:
        case "triage":
            return await triage.perform(step, work)
        case "research":
            return await research.perform(step, work)
        case "revert":
            return await revert.perform(step, work)
        case "onboard":
            return await onboard.perform(step, work)
        case "failed-run":
            return await failed_run.perform(step, work)
        case Agent() as said:
            return await agent.perform(step, said, work)
        case Check() as said:
            return await check.perform(step, said, work)
        case Gate() as said:
            return await gate.perform(step, said, work)
        case Ship() as said if work.run.snapshot.head is not None:
            return await suggest.perform(step, said, work)
        case Ship() as said:
            return await ship.perform(step, said, work)
        case Ready():
            return await ready.perform(step, work)
        case Merge() as said:
            return await merge.perform(step, said, work)
        case Run() as said:
            return await run.perform(step, said, work)
        case Write() as said:
            return await write.perform(step, said, work)
        case Change() as said:
            return await github.perform(step, said, work)
        case Ask() as said:
            return await ask.perform(step, said, work)
        case Wait(time=int() as seconds):
            return await wait.perform(step, seconds, work)
        case Wait() as said:
            return await wait_checks.perform(step, said, work)
        case Foreach() as said:
            return await foreach.perform(step, said, work)
        case Sub() as said:
            return await sub.perform(step, said, work)
        case Composite():
            raise AssertionError(step.id)  # `jobs.attempts` has its steps done one by one
        case str() as name:
            raise AssertionError(name)  # the language allows no other built-in
        case _ as never:
            assert_never(never)
