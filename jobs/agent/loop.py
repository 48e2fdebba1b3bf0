"""The loop: ask the model, do what it asks, until it hands in a form that is valid.

Every reply and every result is kept in the memo, so that a replay asks no model and runs no command again. A turn that
wrote is over with the tree's checkpoint, which comes last: where it is missing, the memo undoes the turn's results and
the tree alike, and the calls are done again. No call is ever done twice on the same tree.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import faults
from core.boxes import Box
from core.clock import Clock
from core.completions import Completion, Model, ToolCall
from core.digests import digest
from core.errors import ModelConfused
from core.names import Digest, Value
from core.outputs import ChangeSummary
from jobs.agent import words
from jobs.agent.assignment import AgentLimits, Assignment, Handover, Memo
from jobs.agent.hands import Outcome, perform
from jobs.agent.meter import Meter
from jobs.agent.repeats import Repeats
from jobs.agent.tools import SUBMIT, Malformed, Request, Toolbox
from jobs.agent.transcript import Transcript

LAST_TURNS = 5
"""The model is told when so many turns are left."""


async def work(
    assignment: Assignment, *, model: Model, box: Box | None, memo: Memo, limits: AgentLimits, clock: Clock
) -> Handover:
    """What the agent hands in. Raises BudgetSpent, ModelConfused, ModelUnavailable, BoxUnavailable.

    Without a box there are no tools but `submit`.
    """
    toolbox = Toolbox.of(assignment.output or ChangeSummary, looks=box is not None, writes=assignment.writes)
    sitting = _Sitting(assignment, model, box, memo, limits, clock, toolbox)
    return await sitting.to_the_end()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one call came to. `value` is what the memo keeps, None where it was recalled or needs no keeping."""

    call: ToolCall
    text: str
    key: str = ""
    input_hash: Digest | None = None
    value: Any = None
    wrote: bool = False


class _Sitting:
    """One agent at work on one assignment."""

    def __init__(
        self,
        assignment: Assignment,
        model: Model,
        box: Box | None,
        memo: Memo,
        limits: AgentLimits,
        clock: Clock,
        toolbox: Toolbox,
    ) -> None:
        self._assignment = assignment
        self._model = model
        self._box = box
        self._memo = memo
        self._limits = limits
        self._clock = clock
        self._toolbox = toolbox
        self._offered = toolbox.offered()
        self._transcript = Transcript.begin(assignment.system, assignment.user)
        self._meter = Meter(limits)
        self._repeats = Repeats()
        self._misformed = 0

    async def to_the_end(self) -> Handover:
        while True:
            self._memo.interrupted()
            turn = f"{self._assignment.step_key}/turn:{self._meter.turns + 1}"
            completion = await self._reply(turn)
            self._transcript.add(completion.message)
            handed_in = await self._turn(turn, completion)
            if handed_in is not None:
                return Handover(handed_in, self._meter.turns, self._meter.usage)

    async def _reply(self, turn: str) -> Completion:
        """The model's next message, recalled or new. A limit stops new ones only: what is recorded is paid for."""
        asked = self._transcript.digest
        kept = await self._memo.recall(turn, asked)
        if kept is None:
            self._meter.check()
            began = self._clock.now()
            new = await self._model.complete(self._transcript.messages, self._offered, purpose=self._assignment.purpose)
            faults.point("agent.after_reply")
            kept = {"completion": new.model_dump(mode="json"), "seconds": self._since(began)}
            await self._memo.keep(turn, asked, kept, usage=new.usage, model=new.model)
            self._meter.pay(new.usage)
        completion = Completion.model_validate(kept["completion"])
        self._meter.turn(completion.usage, kept["seconds"])
        return completion

    async def _turn(self, turn: str, completion: Completion) -> Value | None:
        """Do what the reply asks; the form it hands in, or None where the work goes on."""
        calls = completion.message.tool_calls
        if not calls:
            self._note_form("it called no tool")
            self._transcript.nudge(words.call_a_tool(self._toolbox.forms))
            return None
        answers: list[_Answer] = []
        misformed: str | None = None
        for number, call in enumerate(calls, 1):
            request = self._toolbox.read(call)
            if isinstance(request, Malformed):
                misformed = request.kind
                answers.append(_Answer(call, request.why))
            elif request.name == SUBMIT:
                await self._close(turn, answers)
                return request.arguments
            else:
                answers.append(await self._answer(f"{turn}/call:{number}", call, request))
        await self._close(turn, answers)
        self._note_form(misformed)
        for answer in answers:
            self._transcript.answer(answer.call.id, answer.text)
        return None

    async def _answer(self, key: str, call: ToolCall, request: Request) -> _Answer:
        """The result of a call, recalled or new."""
        if self._box is None:
            raise AssertionError(f"{request.name} was offered without a box")
        arguments = request.arguments.model_dump(mode="json")
        asked = digest("call", self._transcript.digest, key, request.name, arguments)
        kept = await self._memo.recall(key, asked)
        fresh = kept is None
        if kept is None:
            began = self._clock.now()
            outcome = await perform(request, self._box, self._limits)
            faults.point("agent.after_call")
            # The limit may be raised before a replay, so what was said about it is kept, not computed again.
            notice = words.few_turns_left(LAST_TURNS) if self._meter.turns_left == LAST_TURNS else ""
            kept = {"text": outcome.text, "wrote": outcome.wrote, "notice": notice, "seconds": self._since(began)}
        self._meter.seconds += kept["seconds"]
        outcome = Outcome(kept["text"], kept["wrote"])
        circles = self._circles(request, arguments, outcome)
        text = "\n".join(part for part in (outcome.text, circles, kept["notice"]) if part)
        return _Answer(call, text, key, asked, kept if fresh else None, fresh and outcome.wrote)

    async def _close(self, turn: str, answers: list[_Answer]) -> None:
        """Make the turn durable: its results, and then the tree, which says that they hold."""
        for answer in answers:
            if answer.value is not None and answer.input_hash is not None:
                await self._memo.keep(answer.key, answer.input_hash, answer.value)
        if any(answer.wrote for answer in answers):
            faults.point("agent.before_checkpoint")
            await self._memo.checkpoint(turn)
            faults.point("agent.after_checkpoint")

    def _circles(self, request: Request, arguments: Any, outcome: Outcome) -> str:
        times = self._repeats.count(request.name, arguments, outcome.text, wrote=outcome.wrote)
        if times >= self._limits.same_call_repeats:
            raise ModelConfused(
                f"The model went in circles: it made the same `{request.name}` call {times} times, "
                "with the same result each time."
            )
        return words.same_again(times) if times == self._limits.same_call_repeats - 1 else ""

    def _note_form(self, mistake: str | None) -> None:
        self._misformed = 0 if mistake is None else self._misformed + 1
        if self._misformed >= self._limits.format_errors:
            raise ModelConfused(
                f"The model gave {self._misformed} replies in a row that are not in the form it was asked for "
                f"(the last one: {mistake})."
            )

    def _since(self, began: datetime) -> float:
        return (self._clock.now() - began).total_seconds()
