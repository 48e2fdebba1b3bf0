"""The walk: the pinned workflow from its first step to where the record ends, held against the record all the way.

Conditions, retries, mending, goals, agents and checks are decided again by the code that decides them in the engine.
What only GitHub or git can tell is taken from the record: gates, waiting, questions, and whatever changes something.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.store import events, open_store
from core.digests import digest, step_digest
from core.errors import BotError, DocumentInvalid
from core.expressions import ExpressionInvalid, holds
from core.names import RunId
from core.records import Record
from core.runs import EffectState
from core.states import TERMINAL, RunState, target
from core.trying import Failure
from core.workflow import Agent, Check, Ship, Step, parse
from core.workflow import Run as Command
from core.workflow.rounds import base_of
from jobs import handed
from jobs.again import CARRIED
from jobs.attempts import attempted
from jobs.attempts import recorded as failures_in
from jobs.outcomes import Done, End, Outcome, Park
from jobs.replay.recalling import Differs, Recalling, Unrecorded, recalling
from jobs.replay.words import apart, condition, ending
from jobs.steps import perform
from jobs.steps.suggest import NOTHING, SUGGESTED, effect_of
from jobs.work import Work

ENDING = "the end"
"""How an ending that only the outside knows is named among what was taken."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to."""

    run: RunId
    difference: Differs | None
    """The first one; None where the run is what its record says."""
    steps: int
    """Steps that came to their recorded outcome."""
    replies: int
    """Replies of models that were recalled, each for the very conversation that it answered."""
    commands: int
    """Results of tools, commands and git that were recalled, each for the very question."""
    taken: tuple[str, ...]
    """The steps whose outcome was taken from the record as it is, and `the end` where that came from outside."""
    uncompared: int
    """Comparisons that were left out, since something was redacted."""


async def replay(record: Record) -> Replayed:
    """Walk the run again. Asks no GitHub, no model, no network and no sandbox.

    What it writes goes to a scratch database that is gone when it returns.
    """
    with TemporaryDirectory(prefix="pullwright-replay-") as folder:
        async with open_store(f"sqlite:///{Path(folder)}/replay.db") as store:
            await store.migrate()
            work = await recalling(record, store)
            walk = _Walk(record, work)
            difference = await walk.to_the_end()
    return Replayed(
        run=record.run.id,
        difference=difference,
        steps=walk.steps,
        replies=work.replies,
        commands=work.commands,
        taken=tuple(dict.fromkeys(walk.taken)),
        uncompared=work.uncompared,
    )


class _Stops(Exception):
    """The record goes no further than this step."""

    def __init__(self, step: Step) -> None:
        self.step = step


class _Walk:
    def __init__(self, record: Record, work: Recalling) -> None:
        self.steps = 0
        self.taken: list[str] = []
        self._record = record
        self._work = work
        self._memos = {memo.key: memo for memo in record.steps}
        self._carried = {one for e in record.journal if e.name == CARRIED for one in e.facts["steps"]}
        self._order = [str(e.facts.get("step")) for e in record.journal if e.name == "step.finished"]

    async def to_the_end(self) -> Differs | None:
        """The first difference."""
        try:
            self._pinned()
            self._begin_with_what_was_carried()
            gone = 0
            while gone < len(self._work.workflow.steps):  # which grows where a gate sent the run back
                if not await self._one(self._work, self._work.workflow.steps[gone]):
                    return None
                gone += 1
            self._finished_all()
        except Differs as difference:
            return difference
        except _Stops as stop:
            return self._stopped(stop.step)
        return None

    def _pinned(self) -> None:
        run, journal = self._record.run, self._record.journal
        if run.part is not None and not run.part.whole:
            why = f"It is a part of run {run.parent_id}, whose record holds what it began with; replay that one."
            raise Differs("", why)
        if not any(place.startswith("journal/") for place in self._record.redacted):
            broken = events.verify(journal)
            if broken is not None:
                raise Differs("", f"Entry {broken} of the journal is not what was written.")
        if not self._work.same(digest("workflow", run.workflow_text), run.workflow_digest):
            raise Differs("", f"The text of the workflow `{run.workflow}` is not the one that was pinned.")
        try:
            self._work.workflow = parse(run.workflow_text, f"{run.workflow}.yml")
        except DocumentInvalid as error:
            if self._work.tainted:
                why = "The workflow lost a secret when it was exported, and cannot be read without it."
                raise Differs("", why) from error
            raise Differs("", f"This version cannot read the workflow any more: {error}") from error
        known = {step.id for step in self._work.workflow.every_step}
        strange = next((key for key in self._memos if _step_of(key) not in known), None)
        if strange is not None:
            raise Differs("", f"The record holds `{strange}`, and the workflow has no such step.", strange)

    def _begin_with_what_was_carried(self) -> None:
        """Hand over the steps that another run did for this one: the record of that one tells how they came to be."""
        mine = [memo for memo in self._record.steps if memo.key.partition("/")[0] in self._carried]
        self._work.outputs |= {memo.key: memo.output for memo in mine if "/" not in memo.key}
        self._work.failures |= failures_in(mine)

    # A step ------------------------------------------------------------------------------------------------------

    async def _one(self, work: Work, step: Step) -> bool:
        """Walk one step. False: the run ends at it, as the record says."""
        self._work.enter(step.id)
        if step.id in self._carried:
            self.taken.append(step.id)
            return True
        recorded, run = self._memos.get(step.id), self._work.run
        if recorded is not None:
            now = step_digest(workflow=run.workflow_digest, step=step.id, base=run.base_sha)
            if not self._work.same(recorded.input_hash, now):
                raise Differs(step.id, f"Step `{step.id}` was recorded for another workflow or base commit.", step.id)
        skipped = recorded is not None and recorded.output == {"skipped": step.when}
        if not await self._runs(step):
            if recorded is not None and not skipped:
                raise Differs(
                    step.id, f"Step `{step.id}` was performed, and is skipped now: {condition(step)}.", step.id
                )
            self._done(step, Done({"skipped": step.when}))
            return True
        if skipped:
            raise Differs(step.id, f"Step `{step.id}` was skipped, and is performed now: {condition(step)}.", step.id)
        try:
            outcome = await attempted(work, step, self._perform, self._one)
            while isinstance(outcome, Park):  # for the next attempt: its time has come
                outcome = await attempted(work, step, self._perform, self._one)
        except BotError as error:
            self._ends(step, RunState.failed, error.code, str(error))
            return False
        match outcome:
            case None:
                return False
            case End(trigger, why, code):
                self._ends(step, target(trigger), code, why)
                return False
            case Done():
                self._done(step, outcome)
        return True

    async def _runs(self, step: Step) -> bool:
        if step.when is None:
            return True
        try:
            return holds(step.when, await handed.values(self._work))
        except ExpressionInvalid as error:
            raise Differs(step.id, f"Step `{step.id}`: {error}") from error
        except Unrecorded as gap:
            raise self._gap(step) from gap

    async def _perform(self, step: Step, work: Work) -> Outcome:
        """What this attempt at the step comes to: found again, or taken where only the outside could tell."""
        self._work.enter(step.id)
        number = len(work.failures.get(step.id, ())) + 1
        memo = self._memos.get(f"{step.id}/failed:{number}")
        failed = Failure.model_validate(memo.output) if memo is not None else None
        if not isinstance(step.action, str | Agent | Command | Check):
            return self._take(step, failed)
        try:
            outcome = await perform(step, work)
        except Unrecorded as gap:
            if failed is None:
                raise self._gap(step) from gap
            self.taken.append(f"{step.id}/failed:{number}")
            raise _again(failed) from gap
        except BotError as error:
            self._fails(step, error, number, failed)
            raise
        if failed is not None:
            raise Differs(
                step.id, f"Attempt {number} at step `{step.id}` failed with `{failed.code}`, and is good now.", step.id
            )
        return outcome

    def _take(self, step: Step, failed: Failure | None) -> Outcome:
        recorded = self._memos.get(step.id)
        if failed is None and (recorded is None or recorded.state != "done"):
            raise _Stops(step)
        self.taken.append(step.id)
        if failed is not None:
            raise _again(failed)
        return Done(recorded.output if recorded is not None else None)

    def _fails(self, step: Step, error: BotError, number: int, failed: Failure | None) -> None:
        """Raises Differs unless the record says that this attempt failed so."""
        recorded = self._memos.get(step.id)
        if failed is not None:
            said, now = f"`{failed.code}` ({failed.why})", f"`{error.code}` ({error})"
            if not self._work.same(said, now):
                raise Differs(
                    step.id, f"Attempt {number} at step `{step.id}` failed with {said}, and now with {now}.", step.id
                )
        elif recorded is not None and recorded.state == "done":
            raise Differs(step.id, f"Step `{step.id}` was done, and fails now: {error}", step.id)

    def _gap(self, step: Step) -> Exception:
        """What it means that the step asks for what is not recorded: the end of the record, or a hole in it."""
        recorded, key = self._memos.get(step.id), self._work.missing
        paid = {call.step_key for call in self._record.costs}
        if (recorded is not None and recorded.state == "done") or key in paid or self._left_over(step):
            what = key if key is None or key.startswith("the ") else f"`{key}`"
            return Differs(
                step.id, f"Step `{step.id}` asks for {what or 'something'}, which the record does not hold.", key
            )
        return _Stops(step)

    def _done(self, step: Step, done: Done) -> None:
        """Hold the outcome against the record, and hand it over to the steps after it."""
        recorded = self._memos.get(step.id)
        if recorded is None or recorded.state != "done":
            raise _Stops(step)
        self._work.uses(f"steps/{step.id}")
        if not self._work.same(done.output, recorded.output):
            raise Differs(
                step.id,
                f"Step `{step.id}` comes to another outcome: {apart(recorded.output, done.output)}.",
                step.id,
            )
        if step.id not in self.taken and (left := self._left_over(step)):
            raise Differs(step.id, f"The record of step `{step.id}` holds `{left}`, which is not asked for now.", left)
        expected = self._order[self.steps] if self.steps < len(self._order) else None
        if expected != step.id:
            told = f"`{expected}`" if expected else "nothing"
            raise Differs(step.id, f"Step `{step.id}` is done now where the journal has {told} done.", step.id)
        self._work.outputs[step.id] = recorded.output
        self._work.unroll()
        self.steps += 1

    def _left_over(self, step: Step) -> str | None:
        """The first recorded answer within the step that was not asked for, or not in this order."""
        within = f"{step.id}/"
        answers = [
            memo.key
            for memo in self._record.steps
            if memo.key.startswith(within)
            and memo.state == "done"
            and not memo.key.startswith(f"{within}failed:")
            and not memo.key.endswith("/tree")
        ]
        pairs = zip(answers, [*self._work.asked.get(step.id, []), *[None] * len(answers)], strict=False)
        return next((key for key, asked in pairs if key != asked), None)

    # The end -----------------------------------------------------------------------------------------------------

    def _ends(self, step: Step, state: RunState, code: str, why: str) -> None:
        """The run ends at this step. Raises Differs where the record has another end."""
        run = self._record.run
        if step.id not in self.taken and (left := self._left_over(step)):
            raise Differs(step.id, f"The record of step `{step.id}` holds `{left}`, which is not asked for now.", left)
        if run.state not in TERMINAL or run.state is RunState.cancelled:
            self._at_an_end(step)
            return  # the worker died before it could say so, or somebody was quicker
        said, now = (run.state, run.ended_code or "", run.ended_why), (state, code, why)
        if not self._work.same(said, now):
            raise Differs(
                step.id,
                f"The run {ending(run)}; now it ends at step `{step.id}` as {state}: {why}",
            )
        self._at_an_end(step)

    def _finished_all(self) -> None:
        run = self._record.run
        if run.ended_code in (SUGGESTED, NOTHING):
            raise Differs("", f"The run {ending(run)}; now every step is done.")
        if run.state in TERMINAL and run.state is not RunState.succeeded:
            if run.state is RunState.cancelled:
                self.taken.append(ENDING)
                return
            raise Differs("", f"The run {ending(run)}; now every step is done.")

    def _stopped(self, step: Step) -> Differs | None:
        """The record goes no further than this step. Whether the run could end so."""
        run = self._record.run
        try:
            self._at_an_end(step)
        except Differs as difference:
            return difference
        if run.state is RunState.succeeded and isinstance(step.action, str | Agent | Command | Check):
            return Differs(step.id, f"The run succeeded, and step `{step.id}` is not done.", step.id)
        if run.ended_code in (SUGGESTED, NOTHING) and not self._suggests(step):
            why = f"The run {ending(run)}; the record of step `{step.id}` has nothing of that kind."
            return Differs(step.id, why, step.id)
        if run.state in TERMINAL:
            self.taken.append(ENDING)
        return None

    def _suggests(self, step: Step) -> bool:
        """Whether a run about somebody's pull request can have ended here with what it says of its suggestions."""
        key, run = self._work.key(effect_of(step)), self._record.run
        posted = any(one.key == key and one.state == EffectState.done for one in self._record.effects)
        about_theirs = isinstance(step.action, Ship) and run.snapshot.head is not None
        return about_theirs and posted == (run.ended_code == SUGGESTED)

    def _at_an_end(self, step: Step) -> None:
        """Raises Differs where the journal goes on after this step."""
        if self.steps < len(self._order):
            raise Differs(
                step.id, f"The record continues with step `{self._order[self.steps]}`; now it stops at `{step.id}`."
            )


def _step_of(key: str) -> str:
    """The id that the file has for the step that this was recorded for."""
    step, _, within = key.partition("/")[0].partition(".")
    return base_of(step) + (f".{within}" if within else "")


def _again(failed: Failure) -> BotError:
    """The failure as it was raised then."""
    kind = type("AsRecorded", (BotError,), {"code": failed.code})
    error: BotError = kind(failed.why, evidence=failed.evidence)
    error.handed = failed.handed
    return error
