"""Work whose outside is a record: what was answered once is recalled, and there is nobody else to ask.

The steps' own code runs over it, so that a replay asks whatever that code asks today, under the keys and for the
inputs of today.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast

from adapters.store import Store, runs
from core.boxes import Box, Command, CommandResult
from core.clock import FixedClock
from core.effects import Act, worded
from core.errors import LeaseLost
from core.names import Digest, Sha, WorkerId
from core.records import Record
from core.redaction import Redactor
from core.runs import Effect, EffectState, NewRun
from core.runs import Step as Memo
from core.workflow import Workflow
from jobs.effects import Receipt
from jobs.lease import Lease
from jobs.policy_of_run import POLICY_READ
from jobs.services import Services
from jobs.work import Work
from jobs.workbench import CheckPlan, Workbench
from policies.schema import Effective, Policy

_WORKER = WorkerId("replay")
_REPLY = re.compile(r"/turn:(\d+)\Z")
_CALL = re.compile(r"/turn:\d+/call:\d+\Z")


class Differs(Exception):
    """The run of today and the record part here. The text is one sentence."""

    def __init__(self, step: str, sentence: str, key: str | None = None) -> None:
        super().__init__(sentence)
        self.step = step
        self.key = key


class Unrecorded(BaseException):
    """The work asks for what no record holds. No step may take it for a failure of its own."""


class Absent:
    """Whatever a replay does without. To use it is to ask for what is not recorded."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Unrecorded(self._what)


class _NoBox:
    async def run(self, command: Command) -> CommandResult:
        raise Unrecorded("a box")

    async def kill(self) -> None:
        """There is none."""


class _Desk(Workbench):
    """A workbench without a tree: it knows the name of the tree that it stands for, and does nothing to it."""

    async def stand_at(self, tree: Sha) -> None:
        self._at = tree

    async def snapshot(self) -> Sha:
        """The tree as the last recorded turn that wrote left it: a turn that is recalled writes nothing."""
        if self._at is None:
            raise AssertionError("a step looks at the tree before it stands anywhere")
        return self._at

    async def set_up(self, check: CheckPlan) -> None:
        """Nothing runs here, so nothing needs its dependencies."""

    @asynccontextmanager
    async def box(self) -> AsyncIterator[Box]:
        yield _NoBox()


@dataclass
class Recalling(Work):
    """The work of one replay. `enter()` says which step it is at."""

    record: Record = field(kw_only=True)
    asked: dict[str, list[str]] = field(default_factory=dict)
    """The memo keys that each step asked for and got, in order."""
    missing: str | None = None
    """The last key that was asked for and is not recorded."""
    replies: int = 0
    commands: int = 0
    tainted: bool = False
    """Whether something that was redacted has been used: what follows from it cannot be compared any more."""
    uncompared: int = 0
    _step: str = ""
    _memos: dict[str, Memo] = field(default_factory=dict)
    _effects: dict[str, Effect] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._memos = {memo.key: memo for memo in self.record.steps if memo.state == "done"}
        self._effects = {effect.key: effect for effect in self.record.effects}
        self.uses("run")

    def enter(self, step: str) -> None:
        """From here on this step is at work."""
        self._step, self.missing = step, None

    def uses(self, place: str) -> None:
        """This place of the record is made use of."""
        self.tainted = self.tainted or place in self.record.redacted

    def same(self, one: Any, other: Any) -> bool:
        """Whether the two are equal, as far as that can be told: they are taken to be, where something was redacted."""
        if one != other and self.tainted:
            self.uncompared += 1
            return True
        return bool(one == other)

    async def memos(self, prefix: str) -> list[Memo]:
        return [memo for memo in self.record.steps if memo.key.startswith(prefix)]

    async def memo(self, key: str, input_hash: Digest) -> Memo | None:
        """What is recorded under this key. Raises Differs where that was for another input."""
        found = self._memos.get(key)
        if found is None:
            self.missing = key
            return None
        if not self.same(found.input_hash, input_hash):
            raise Differs(
                self._step,
                f"Step `{self._step}` asks for `{key}` with another input: {found.input_hash[:12]} is recorded, and "
                f"{input_hash[:12]} is asked now. {_hint(key)}",
                key,
            )
        self.uses(f"steps/{key}")
        self.asked.setdefault(self._step, []).append(key)
        if _REPLY.search(key):
            self.replies += 1
        else:
            self.commands += 1
        return found

    async def app(self) -> NoReturn:
        raise Unrecorded("GitHub")

    async def repository(self) -> NoReturn:
        raise Unrecorded("GitHub")

    async def policy(self) -> Effective:
        """The policy that the journal says was in force when this attempt at the step was decided."""
        until = self._settled_at()
        read = [entry for entry in self.record.journal if entry.name == POLICY_READ and entry.seq < until]
        if not read:
            self.missing = "the policy"
            raise Unrecorded("the policy")
        facts = read[-1].facts
        self.uses(f"journal/{read[-1].seq}")
        return Effective(Policy.model_validate(facts["policy"]), Digest(facts["digest"]), str(facts["source"]))

    async def bench(self) -> Workbench:
        if self._bench is None:
            tree = Absent("the tree")
            self._bench = _Desk(
                services=self.services,
                run=self.run,
                workspace=cast("Any", tree),
                journal=self.journal,
                github=self.github,
                clone_url=self._clone_url,
            )
        return self._bench

    async def keep_workspace(self, sha: Sha) -> None:
        """Nothing new came to be, so nothing is kept."""

    async def journal(self, name: str, facts: Mapping[str, Any], actor: str = "pullwright") -> None:
        """The record has its journal already."""

    async def do(self, name: str, act: Act, *, where_open: bool = False) -> Receipt:
        """What the record says came of the effect. Raises Differs where it was another one."""
        found = self._effects.get(self.key(name))
        if found is None or found.state not in {EffectState.done, EffectState.failed}:
            self.missing = f"the effect `{name}`"
            raise Unrecorded("GitHub")
        self.uses(f"effects/{found.key}")
        if not self.same(found.act, worded(act, self.services.redactor.text)):
            raise Differs(self._step, f"Step `{self._step}` would do the effect `{name}` with other words.", name)
        return found.receipt or {}

    def _settled_at(self) -> float:
        """The number of the journal's entry that says what came of this attempt at the step."""
        attempt = len(self.failures.get(self._step, ())) + 1
        for entry in self.record.journal:
            if entry.facts.get("step") == self._step and (
                entry.name == "step.finished" or (entry.name == "step.failed" and entry.facts.get("attempt") == attempt)
            ):
                return entry.seq
        return float("inf")


async def recalling(record: Record, store: Store) -> Recalling:
    """The work of a lease holder in the scratch database, with everything else absent."""
    run, clock = record.run, FixedClock(record.run.created_at)
    async with store.begin() as db:
        await runs.insert(db, NewRun(**{name: getattr(run, name) for name in NewRun.model_fields}))
        epoch = await runs.claim(db, run.id, _WORKER, clock.now(), lease_seconds=60)
    if epoch is None:
        raise LeaseLost

    def absent(what: str) -> Any:
        return cast("Any", Absent(what))

    services = Services(
        settings=absent("the settings"),
        operator=absent("the operator's file"),
        worker=_WORKER,
        clock=clock,
        ids=absent("new ids"),
        store=store,
        github=absent("GitHub"),
        model=absent("a model"),
        boxes=absent("a box"),
        mirrors=absent("git"),
        workspaces=absent("git"),
        artifacts=absent("the artifact store"),
        doorbell=absent("the doorbell"),
        guard=absent("what is away"),
        redactor=Redactor(),
    )
    return Recalling(
        services=services,
        lease=Lease(run.id, epoch, _WORKER, store, clock),
        run=run,
        workflow=cast("Workflow", Absent("the workflow")),  # until its text is known to be the pinned one
        github=absent("GitHub"),
        record=record,
    )


def _hint(key: str) -> str:
    if (reply := _REPLY.search(key)) is not None:
        return "Its prompt reads differently." if reply[1] == "1" else "What was said before it reads differently."
    if _CALL.search(key):
        return "The call, or what was said before it, reads differently."
    return "What it runs, or the tree that it looks at, is another."
