"""The memo of an agent's turns, kept in the run's steps: a replay calls no model and runs no command again."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.store import costs, events, parts, steps
from core import faults
from core.completions import Usage
from core.digests import canonical
from core.errors import MoneySpent
from core.names import Digest, Sha
from jobs.work import Work

LARGE_BYTES = 32 * 1024
"""Values above this go to the artifact store; the step keeps their address."""

_TURN = re.compile(r"/turn:(\d+)")


@dataclass
class StepMemo:
    """Satisfies `jobs.agent.Memo` for one lease holder and one piece of work."""

    work: Work
    checkpointed: Sha | None
    """The tree of the last checkpoint: where an interrupted attempt goes on."""
    shared_usd: Decimal | None = None
    """What a run and its parts may spend together: others spend of it while this work goes on."""
    _spent_usd: Decimal = Decimal(0)

    @classmethod
    async def of(cls, work: Work, key: str) -> "StepMemo":
        """The memo as an earlier attempt at this piece of work left it."""
        memos = await work.memos(f"{key}/turn:")
        saved = {_turn(memo.key): memo.output for memo in memos if memo.key.endswith("/tree")}
        last = max((_turn(memo.key) for memo in memos), default=0)
        if memos and last not in saved:
            # This turn was cut short after it may have written; the tree goes back, and its calls with it.
            undone = [m.key for m in memos if _turn(m.key) == last and "/call:" in m.key]
            async with work.lease.write() as db:
                await steps.forget(db, work.run.id, work.epoch, undone)
        return cls(work=work, checkpointed=Sha(saved[max(saved)]) if saved else None)

    async def recall(self, key: str, input_hash: Digest) -> Any | None:
        """What was kept under this key, or None. Raises where the same key was kept for another input."""
        memo = await self.work.memo(key, input_hash)
        if memo is None:
            return None
        if isinstance(memo.output, dict) and set(memo.output) == {"artifact"}:
            return json.loads(await self.work.services.artifacts.get(Digest(memo.output["artifact"])))
        return memo.output

    async def keep(
        self, key: str, input_hash: Digest, value: Any, usage: Usage | None = None, model: str | None = None
    ) -> None:
        """Keep a value with its cost, in one transaction with its journal entry."""
        work, now = self.work, self.work.services.clock.now()
        written = canonical(value)
        stored = value
        if len(written) > LARGE_BYTES:
            stored = {"artifact": await work.services.artifacts.put(written)}
        faults.point("memo.before_keep")
        async with work.lease.write() as db:
            cost = usage.cost_usd if usage else None
            await steps.finish(db, work.run.id, work.epoch, key, input_hash, output=stored, cost=cost, now=now)
            if usage is None:
                return
            await costs.add(db, work.run.id, work.run.repo.id, work.number, key, model or "", usage, now)
            if self.shared_usd is not None:
                together = await costs.of_run(db, await parts.whole(db, work.run.id))
                self._spent_usd = together.cost_usd or Decimal(0)
            facts = {"step": key, "model": model, **usage.model_dump(mode="json")}
            await events.append(db, work.run.id, name="model.replied", actor="pullwright", facts=facts, at=now)

    async def checkpoint(self, key: str) -> None:
        """Remember the tree after a turn that wrote, so that a crash resumes from it and not from half an edit."""
        work, now = self.work, self.work.services.clock.now()
        tree = await (await work.bench()).snapshot()
        await work.keep_workspace(tree)
        async with work.lease.write() as db:
            await steps.finish(
                db, work.run.id, work.epoch, f"{key}/tree", Digest(tree), output=tree, cost=None, now=now
            )

    def interrupted(self) -> None:
        """Raise what the worker was told, and MoneySpent where the parts of a run have spent its budget together."""
        self.work.lease.interrupted()
        if self.shared_usd is not None and self._spent_usd >= self.shared_usd:
            raise MoneySpent(f"The run and its parts have spent ${self._spent_usd:.2f} together, which is the limit.")


async def remembered(work: Work, key: str, asked: Digest, find: Callable[[], Awaitable[Any]]) -> Any:
    """The JSON value kept under this key, or what is found now, and kept from then on.

    For what git or a box tells and a decision rests on: nobody is asked twice, and a replay asks nobody.
    """
    memo = StepMemo(work, checkpointed=None)
    kept = await memo.recall(key, asked)
    if kept is None:
        kept = await find()
        await memo.keep(key, asked, kept)
    return kept


def _turn(key: str) -> int:
    found = _TURN.search(key)
    return int(found[1]) if found else 0
