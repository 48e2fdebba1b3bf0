"""`pullwright workflow run --repo OWNER/NAME`: order a run as the operator, and wait for what becomes of it.

The order goes through the same inbox as GitHub's deliveries: intake asks GitHub for the role of whoever it is ordered
for, reads the workflow on the default branch, and writes the run. This command only looks at the database.
"""

import asyncio
import time
import uuid
from collections.abc import Mapping
from typing import NoReturn

import click
from pydantic import ValidationError

from adapters.doorbell import open_doorbell
from adapters.settings import Settings
from adapters.store import Store, deliveries, open_store, runs
from adapters.store.deliveries import Receipt
from adapters.store.tables import DeliveryState
from adapters.system import SystemClock
from bot.cli.begin import begin
from bot.cli.kept import NothingYet, missing_file
from bot.cli.output import print_json, printable
from core.calls import CLI, OrderCall
from core.runs import Delivery, Run
from core.states import TERMINAL, RunState

ROUTED_SECONDS = 60.0
"""How long intake may take with the order before we say that nobody is at work."""
LOOK_SECONDS = 0.2


def order(
    workflow: str, repo: str, login: str, number: int | None, inputs: Mapping[str, str], *, wait: bool, as_json: bool
) -> None:
    """Order the run and say what became of it. The exit code is 1 where none began, or where it did not succeed."""
    try:
        call = OrderCall(repository=repo, workflow=workflow, login=login, number=number, inputs=dict(inputs))
    except ValidationError as error:
        wrong = ", ".join(str(one["loc"][0]) for one in error.errors())
        raise click.UsageError(f"Not as it should be: {wrong}.") from error
    run, outcome = asyncio.run(_ordered(call, wait=wait))
    if as_json:
        shown = run.model_dump(mode="json", exclude={"workflow_text", "snapshot"}) if run is not None else None
        print_json({"run": shown, "outcome": outcome})
    elif run is None:
        _stop(outcome)
    else:
        why = f": {run.ended_why}" if run.ended_why else ""
        click.echo(printable(f"Run {run.id} of {run.workflow} on {repo}: {run.state}{why}"))
    failed = run is None or (run.state in TERMINAL and run.state is not RunState.succeeded)
    raise SystemExit(1 if failed else 0)


async def _ordered(call: OrderCall, *, wait: bool) -> tuple[Run | None, str]:
    """The run, and what intake said."""
    settings = begin("workflow")
    if (file := missing_file(settings.database_url)) is not None:
        raise NothingYet(f"There is no database at {file} yet.")
    async with open_store(settings.database_url) as store:
        if (why := await store.behind()) is not None:
            raise NothingYet(why)
        guid = await _put(store, settings, call)
        routed = await _routed(store, guid)
        if routed is None:
            return None, "Nobody has looked at the order yet: it is done when the service runs (`pullwright up`)."
        run = await _run_of(store, guid, call.workflow)
        while wait and run is not None and run.state not in TERMINAL:
            await asyncio.sleep(LOOK_SECONDS)
            run = await _run_of(store, guid, call.workflow)
        return run, routed.outcome or routed.error or ""


async def _put(store: Store, settings: Settings, call: OrderCall) -> str:
    guid, now = str(uuid.uuid4()), SystemClock().now()
    body = call.model_dump_json().encode()
    async with store.begin() as db:
        order = Delivery(hook_id=CLI, guid=guid, event="cli", body=body, received_at=now)
        await deliveries.insert(db, [order])
    await open_doorbell(settings).ring_intake()
    return guid


async def _routed(store: Store, guid: str) -> Receipt | None:
    """What intake made of the order; None where it has not looked at it in time."""
    until = time.monotonic() + ROUTED_SECONDS
    while time.monotonic() < until:
        async with store.read() as db:
            (receipt,) = await deliveries.list_(db, 1, guid=guid)
        if receipt.state is not DeliveryState.pending:
            return receipt
        await asyncio.sleep(LOOK_SECONDS)
    return None


async def _run_of(store: Store, guid: str, workflow: str) -> Run | None:
    async with store.read() as db:
        return await runs.by_trigger(db, f"cli:{guid}:{workflow}")


def _stop(why: str) -> NoReturn:
    click.echo(printable(why.removeprefix("ignored: ")), err=True)
    raise SystemExit(1)
