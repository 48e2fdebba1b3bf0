"""`pullwright deliveries`: the inbox, as the receiver filled it, and a new chance for what died in it."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import click

from bot.cli.kept import kept
from bot.cli.output import print_json, print_table, printable
from core.errors import BotError

if TYPE_CHECKING:
    from datetime import datetime

    from adapters.store.deliveries import Receipt

_STATES = ("pending", "routed", "dead")


class NoSuchDelivery(BotError):
    """What was given names no delivery that is kept, or several."""

    code = "no-such-delivery"

    def remedy(self) -> str:
        return (
            "`pullwright deliveries list` shows what arrived. What GitHub could not hand over, "
            "the clock asks for again every ten minutes."
        )


class StillPending(BotError):
    """It needs no new chance."""

    code = "still-pending"

    def remedy(self) -> str:
        return "Nothing to do: it is looked at by itself. Where it is not, see whether the clock and a worker run."


@click.group("deliveries")
def command() -> None:
    """Show what GitHub sent, and send it through again."""


@command.command("list")
@click.option("--guid", help="Only this delivery.")
@click.option("--state", type=click.Choice(_STATES), help="Only those that are in this state.")
@click.option("--event", help="Only this event, by GitHub's name: issues, issue_comment …")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_(guid: str | None, state: str | None, event: str | None, limit: int, as_json: bool) -> None:
    """The newest deliveries, and what became of them."""
    found = asyncio.run(_received(limit, guid, state, event))
    if as_json:
        print_json([receipt.model_dump(mode="json") for receipt in found])
        return
    print_table(
        ["GUID", "EVENT", "RECEIVED", "BYTES", "STATE", "OUTCOME"],
        [(one.guid, one.event, _at(one.received_at), one.size, one.state.value, _outcome(one)) for one in found],
    )


_hook = click.option("--hook", help="The id of the hook it came from, where one GUID came from several.")


@command.command("show")
@click.argument("guid")
@_hook
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(guid: str, hook: str | None, as_json: bool) -> None:
    """A delivery, what became of it, and what it says. The beginning of a GUID is enough."""
    receipt, body = asyncio.run(_opened(guid, hook))
    if as_json:
        print_json({**receipt.model_dump(mode="json"), "body": body})
        return
    click.echo(f"Delivery {receipt.guid}: {printable(receipt.event)}, from hook {receipt.hook_id}")
    click.echo(f"Received: {_at(receipt.received_at)}, {receipt.size} bytes")
    click.echo(f"State: {receipt.state.value}" + (f", {_failures(receipt.attempts)}" if receipt.attempts else ""))
    if receipt.not_before is not None and receipt.state == "pending":
        click.echo(f"Next look: {_at(receipt.not_before)}")
    if outcome := _outcome(receipt):
        click.echo(f"{'Outcome' if receipt.outcome else 'Error'}: {printable(outcome)}")
    click.echo()
    pretty = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    for line in pretty.split("\n"):
        click.echo(printable(line))


@command.command("replay")
@click.argument("guid")
@_hook
@click.option("--again", is_flag=True, help="Also one that was routed already; what it did is not done twice.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def replay(guid: str, hook: str | None, again: bool, as_json: bool) -> None:
    """Give a dead delivery five new attempts. Fix what its error names first."""
    receipt = asyncio.run(_revived(guid, hook, again))
    if as_json:
        print_json(receipt.model_dump(mode="json"))
    else:
        click.echo(f"Delivery {receipt.guid} is pending again. It is looked at when the clock ticks next.")


async def _received(limit: int, guid: str | None, state: str | None, event: str | None) -> "list[Receipt]":
    from adapters.store import deliveries
    from adapters.store.tables import DeliveryState

    async with kept("deliveries") as db:
        wanted = DeliveryState(state) if state is not None else None
        return await deliveries.list_(db, limit, guid=guid, state=wanted, event=event)


async def _opened(guid: str, hook: str | None) -> "tuple[Receipt, Any]":
    """The receipt, and the body as people may see it: parsed, without secrets; as text where it is no JSON."""
    from adapters.store import deliveries
    from bot.cli.begin import begin
    from core.redaction import Redactor

    redactor = Redactor(*begin("deliveries").secrets())
    async with kept("deliveries") as db:
        receipt = _one(await deliveries.find(db, guid), guid, hook)
        delivery = await deliveries.get(db, receipt.hook_id, receipt.guid)
    body = delivery.body if delivery is not None else b""
    try:
        return receipt, redactor.value(json.loads(body))
    except (ValueError, RecursionError):
        return receipt, redactor.text(body.decode(errors="backslashreplace"))


async def _revived(guid: str, hook: str | None, again: bool) -> "Receipt":
    from adapters.store import deliveries, open_store
    from bot.cli.begin import begin

    async with kept("deliveries") as db:
        receipt = _one(await deliveries.find(db, guid), guid, hook)
    async with open_store(begin("deliveries").database_url) as store, store.begin() as db:
        if not await deliveries.revive(db, receipt.hook_id, receipt.guid, routed_too=again):
            raise _not_dead(receipt)
        return _one(await deliveries.list_(db, 10, guid=receipt.guid), receipt.guid, receipt.hook_id)


def _one(found: "list[Receipt]", guid: str, hook: str | None) -> "Receipt":
    fitting = [one for one in found if hook in {None, one.hook_id}]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise NoSuchDelivery(f"{guid!r} names no delivery{f' from hook {hook}' if hook else ''}.")
    several = ", ".join(f"{one.guid} from hook {one.hook_id}" for one in fitting)
    raise NoSuchDelivery(f"{guid!r} names several deliveries: {several}.")


def _not_dead(receipt: "Receipt") -> Exception:
    if receipt.state == "routed":
        return click.UsageError(
            f"Delivery {receipt.guid} was routed ({printable(receipt.outcome or 'nothing to do')}). "
            "With --again it is judged once more; what it did is not done a second time."
        )
    return StillPending(f"Delivery {receipt.guid} is {receipt.state.value}.")


def _at(moment: "datetime") -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _failures(attempts: int) -> str:
    return "1 attempt failed" if attempts == 1 else f"{attempts} attempts failed"


def _outcome(receipt: "Receipt") -> str:
    return receipt.outcome or receipt.error or ""
