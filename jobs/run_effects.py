"""Effects of a run: recorded as intended, performed at most once, and given up where the run can do without.

How one is found and done is `jobs.outbox`; what belongs to no run is `jobs.loose`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import effects, events, runs
from core.effects import COSMETIC, DISPENSABLE, SHIPS, Act
from core.errors import BotError, ConversationLocked, GitHubRefused, NotOurs, NotThere
from core.names import RunId
from core.runs import Effect, NewEffect, Run
from jobs import outbox
from jobs.effects import Outside, Receipt
from jobs.lease import Lease
from jobs.services import Services

ATTEMPTS = 3
"""Attempts at an effect that a run can do without."""

log = structlog.get_logger()


def key_of(run: RunId, name: str) -> str:
    """The key of a run's effect, by its name."""
    return f"run:{run}:{name}"


@dataclass(frozen=True, slots=True)
class RunEffects:
    """The effects of one run, under the lease of whoever performs them."""

    services: Services
    lease: Lease
    run: Run
    outside: Callable[[Effect], Awaitable[Outside]]
    """What the effect acts on. Asked for only once it is recorded as intended."""

    async def do(self, name: str, act: Act, *, where_open: bool = False) -> Receipt:
        """The receipt of the effect of this name; see `Work.do`."""
        if self.run.snapshot.head is not None and act.kind in SHIPS:
            number = self.run.subject.number
            raise NotOurs(f"#{number} is not ours: a run about it pushes and merges nothing (`{act.kind}`).")
        began = self.services.clock.now()
        effect, begun = await self._intended(name, act, began)
        outside = await self.outside(effect)
        try:
            receipt = await self._performed(name, effect, outside, begun=begun)
        except BotError as error:
            unwanted = where_open and isinstance(error, ConversationLocked)
            given_up = unwanted or _does_without(act, error, attempts=effect.attempts + 1)
            await self._failed(name, effect, error, began, given_up=given_up)
            if not given_up:
                raise
            return {}
        if receipt is not None:
            return receipt
        # Settled as failed before: what it was to bring about did not happen.
        if where_open or act.kind in COSMETIC | DISPENSABLE:
            return {}
        raise GitHubRefused(effect.error or f"The effect `{name}` was given up before.")

    async def _intended(self, name: str, act: Act, now: datetime) -> tuple[Effect, bool]:
        """The effect as an earlier attempt left it, or as it is meant now, and whether an attempt is begun with that.

        One transaction: nobody is asked anything between the intention and the attempt.
        """
        new = NewEffect(key=key_of(self.run.id, name), run_id=self.run.id, repo=self.run.repo, act=act, at=now)
        async with self.lease.write() as db:
            if await effects.insert(db, new):
                await self._journal(db, "effect.intended", _shown(name, act), now)
            effect = await effects.require(db, new.key)
            begun = effect.receipt is None and await outbox.begin(db, effect, self.lease.epoch, self.services.clock)
            return effect, begun

    async def _performed(self, name: str, effect: Effect, outside: Outside, *, begun: bool) -> Receipt | None:
        """See `outbox.perform`."""

        async def note(db: AsyncConnection, receipt: Receipt) -> None:
            facts = {"effect": name, "kind": effect.act.kind, **receipt}
            await self._journal(db, "effect.done", facts, self.services.clock.now())

        return await outbox.perform(
            effect,
            outside,
            write=self.lease.write,
            stands=self.lease.stands,
            epoch=self.lease.epoch,
            clock=self.services.clock,
            note=note,
            begun=begun,
        )

    async def _failed(self, name: str, effect: Effect, error: BotError, now: datetime, *, given_up: bool) -> None:
        """Record the failed attempt. What is `given_up` for good is settled by it, and is no failure of the run."""
        async with self.lease.write() as db:
            await effects.failed(db, effect.key, str(error), None if given_up and not error.retryable else now)
            if given_up:
                await runs.reset_attempts(db, self.run.id, self.lease.epoch)  # the run got on: it goes without
                facts = {"effect": name, "kind": effect.act.kind, "why": str(error)}
                await self._journal(db, "effect.given_up", facts, now)
        if given_up:
            log.warning("effect.given_up", key=effect.key, code=error.code, why=str(error))

    async def _journal(self, db: AsyncConnection, name: str, facts: dict[str, Any], at: datetime) -> None:
        await events.append(db, self.run.id, name=name, actor="pullwright", facts=facts, at=at)


def _does_without(act: Act, error: BotError, *, attempts: int) -> bool:
    """Whether the run goes on without this effect."""
    if act.kind in COSMETIC:
        return not error.retryable or attempts >= ATTEMPTS
    # A check on a commit that was just pushed may not be possible at once.
    return act.kind in DISPENSABLE and isinstance(error, NotThere) and attempts >= ATTEMPTS


def _shown(name: str, act: Act) -> dict[str, Any]:
    """An effect in the journal: long texts by their beginning."""
    facts = act.model_dump(mode="json")
    return {"effect": name, **{k: v[:200] if isinstance(v, str) else v for k, v in facts.items()}}
