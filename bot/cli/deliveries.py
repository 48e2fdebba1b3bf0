"""`pullwright deliveries`: the inbox, as the receiver filled it."""

import asyncio
from typing import TYPE_CHECKING

import click

from bot.cli.kept import kept
from bot.cli.output import print_json, print_table

if TYPE_CHECKING:
    from adapters.store.deliveries import Receipt


@click.group("deliveries")
def command() -> None:
    """What GitHub sent."""


@command.command("list")
@click.option("--guid", help="Only this delivery.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_(guid: str | None, limit: int, as_json: bool) -> None:
    """The newest deliveries, and what became of them."""
    found = asyncio.run(_received(limit, guid))
    if as_json:
        print_json([receipt.model_dump(mode="json") for receipt in found])
        return
    print_table(
        ["GUID", "EVENT", "RECEIVED", "BYTES", "STATE", "OUTCOME"],
        [
            (one.guid, one.event, f"{one.received_at:%Y-%m-%d %H:%M:%S}", one.size, one.state.value, _outcome(one))
            for one in found
        ],
    )


async def _received(limit: int, guid: str | None) -> "list[Receipt]":
    from adapters.store import deliveries

    async with kept("deliveries") as db:
        return await deliveries.list_(db, limit, guid=guid)


def _outcome(receipt: "Receipt") -> str:
    return receipt.outcome or receipt.error or ""
