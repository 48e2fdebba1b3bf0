"""`pullwright workflow run --repo OWNER/NAME`: order a run as the operator, and wait for what becomes of it.

The order goes through the same inbox as GitHub's deliveries: intake asks GitHub for the role of whoever it is ordered
for, reads the workflow on the default branch, and writes the run. This command only looks at the database.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from typing import NoReturn

import click
from pydantic import ValidationError

from adapters.doorbell import open_doorbell
from adapters.settings import Settings
from adapters.store import Store, deliveries, open_store, repositories, runs
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


def at_once(run: Run) -> bool:
    """Wait for nothing."""
    return True


def over(run: Run) -> bool:
    return run.state in TERMINAL


def offered_or_over(run: Run) -> bool:
    """Its pull request is there, or it waits for something else, or it is over."""
    return over(run) or run.pull_number is not None or run.state is RunState.waiting


def order(
    workflow: str,
    repo: str,
    login: str | None,
    number: int | None,
    inputs: Mapping[str, str],
    *,
    until: Callable[[Run], bool],
    joins: bool = False,
    as_json: bool,
) -> None:
    """Order the run and say what became of it; without a login in our own name, and nobody's role is asked for.

    The exit code is 1 where none began, or where it did not succeed.
    """
    try:
        call = OrderCall(repository=repo, workflow=workflow, login=login, number=number, inputs=dict(inputs))
    except ValidationError as error:
        wrong = ", ".join(str(one["loc"][0]) for one in error.errors())
        raise click.UsageError(f"Not as it should be: {wrong}.") from error
    run, outcome = asyncio.run(_ordered(call, until, joins=joins))
    if as_json:
        shown = run.model_dump(mode="json", exclude={"workflow_text", "snapshot"}) if run is not None else None
        print_json({"run": shown, "outcome": outcome})
    elif run is None:
        _stop(outcome)
    else:
        click.echo(printable(f"Run {run.id} of {run.workflow} on {repo}: {run.state}{_why(run)}"))
    failed = run is None or (run.state in TERMINAL and run.state is not RunState.succeeded)
    raise SystemExit(1 if failed else 0)


def _why(run: Run) -> str:
    pull = f" (#{run.pull_number})" if run.pull_number is not None else ""
    said = run.ended_why or (run.waiting.why if run.waiting is not None else "")
    return f"{pull}: {said}" if said else pull


async def _ordered(call: OrderCall, until: Callable[[Run], bool], *, joins: bool) -> tuple[Run | None, str]:
    """The run, and what intake said. With `joins` the one that is in the way of another such run stands for it."""
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
        if run is None and joins and not (routed.outcome or "").startswith("ignored"):
            run = await _at_work(store, call)
        while run is not None and not until(run):
            await asyncio.sleep(LOOK_SECONDS)
            run = await _again(store, run)
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


async def _at_work(store: Store, call: OrderCall) -> Run | None:
    """The run of this workflow, about the same, that is not over."""
    async with store.read() as db:
        repo = await repositories.named(db, call.repository)
        found = await runs.of_subject(db, repo.id, call.number or 0) if repo is not None else []
    return next((run for run in found if run.workflow == call.workflow and not over(run)), None)


async def _again(store: Store, run: Run) -> Run:
    async with store.read() as db:
        return await runs.require(db, run.id)


def _stop(why: str) -> NoReturn:
    click.echo(printable(why.removeprefix("ignored: ")), err=True)
    raise SystemExit(1)
