"""Run: a command of the workflow's own, in a box. What it printed is recorded, so that a replay runs nothing again."""

from typing import Any

from core.captures import captured
from core.digests import digest
from core.errors import CommandFailed, CommandTimedOut
from core.expressions import as_text, expand
from core.names import Sha, Value
from core.workflow import Capture, Run, Step
from jobs import handed
from jobs.dependencies import tail
from jobs.memo import StepMemo
from jobs.outcomes import Done, Outcome
from jobs.work import Work

SHOWN_CHARACTERS = 6_000
MOST_VARIABLE_BYTES = 100_000


class Ran(Value):
    """How a command ended."""

    exit_code: int | None
    timed_out: bool
    why: str | None
    seconds: float
    output: str
    """What was captured of it is taken from here; no more than the limit of its capture and some."""
    tail: str
    output_digest: str
    """Where all of it is, in the artifact store."""
    tree: Sha | None = None
    """What it left, where it may write."""


async def perform(step: Step, run: Run, work: Work) -> Outcome:
    """Done with what was captured; CommandFailed or CommandTimedOut where it did not end well."""
    values = await handed.values(work)
    env = {name: _variable(expand(value, values)) for name, value in step.env.items()}
    ran = await command(work, f"{work.attempt(step)}/run", run.script, env, writes=run.writes, seconds=step.timeout)
    if ran.exit_code != 0:
        failed = CommandTimedOut if ran.timed_out else CommandFailed
        raise failed(f"The command of `{step.id}` {_ended(ran)}.", evidence=ran.tail)
    output: dict[str, Any] = {
        "exit_code": ran.exit_code,
        "output": captured(step.capture or Capture(), ran.output, ran.exit_code),
    }
    if ran.tree is not None:
        output["tree"] = ran.tree
    return Done(output, f"done in {ran.seconds:.1f} s")


async def command(
    work: Work,
    key: str,
    script: str,
    env: dict[str, str],
    *,
    tree: Sha | None = None,
    writes: bool = False,
    seconds: int | None = None,
) -> Ran:
    """How the command ended on this tree (without one, as the last step left it), recorded under this key.

    Values come in as environment variables: no text from outside ever becomes part of the script.
    """
    tree = tree or work.tree()
    memo, asked = StepMemo(work, checkpointed=None), digest("run", script, env, tree, writes)
    if (kept := await memo.recall(key, asked)) is not None:
        return Ran.model_validate(kept)
    bench = await work.bench()
    if writes:
        result = await bench.change(tree, script, env=env, seconds=seconds)
        left = await bench.snapshot()
        await work.keep_workspace(left)
    else:
        result, left = await bench.command(tree, script, env=env, seconds=seconds), None
    ran = Ran(
        exit_code=result.exit_code,
        timed_out=result.timed_out,
        why=result.why,
        seconds=round(result.duration_seconds, 3),
        output=result.text,
        tail=tail(result, SHOWN_CHARACTERS),
        output_digest=await work.services.artifacts.put(result.output),
        tree=left,
    )
    facts = {"command": script, "tree": tree, **ran.model_dump(mode="json", exclude={"output", "tail", "tree"})}
    await work.journal("command.ran", {**facts, "left": left})
    await memo.keep(key, asked, ran.model_dump(mode="json"))
    return ran


def _variable(value: Any) -> str:
    """A value in the environment of a command: Linux takes neither NUL nor more than 128 KiB."""
    return as_text(value).replace("\0", "").encode()[:MOST_VARIABLE_BYTES].decode("utf-8", "ignore")


def _ended(ran: Ran) -> str:
    if ran.timed_out:
        return f"did not end within its time: {ran.why or 'it was stopped'}".rstrip(".")
    return f"ended with {ran.exit_code}" if ran.exit_code is not None else f"was killed: {ran.why or 'no reason given'}"
