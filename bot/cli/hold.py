"""`pullwright hold`: the operator stops work everywhere, of one account or of one repository.

What is at work gives its run back at its next turn, nothing new is claimed, and no effect is begun. What GitHub sends
is kept, and judged, and waits.
"""

import asyncio
from typing import TYPE_CHECKING

import click

from bot.cli.kept import kept
from bot.cli.output import print_json, print_table, printable

if TYPE_CHECKING:
    from core.holds import Hold

Scope = tuple[str, str]
"""Owner and name; empty for all."""


def scope_of(owner: str | None, repo: str | None) -> Scope:
    """What the two options name. Raises click.UsageError where they name nothing that can be."""
    if owner is not None and repo is not None:
        raise click.UsageError("Give --owner or --repo, not both.")
    if repo is None:
        return (_word(owner, "--owner") if owner is not None else "", "")
    account, slash, name = repo.partition("/")
    if not slash:
        raise click.UsageError("--repo takes OWNER/NAME.")
    return _word(account, "--repo"), _word(name, "--repo")


def _word(text: str, option: str) -> str:
    if not text or "/" in text or text != text.strip():
        raise click.UsageError(f"{option} names nothing that GitHub could have: {text!r}.")
    return text


@click.command("hold")
@click.option("--owner", help="Only the repositories of this account.")
@click.option("--repo", metavar="OWNER/NAME", help="Only this repository.")
@click.option("--reason", help="Why, in one sentence: people who ask are told.")
@click.option("--list", "show", is_flag=True, help="Show what is held, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(owner: str | None, repo: str | None, reason: str | None, show: bool, as_json: bool) -> None:
    """Hold all work, or that of one account or repository, until `pullwright resume`."""
    if not show:
        if not (reason or "").strip():
            raise click.UsageError("Say why, with --reason: people who ask are told.")
        asyncio.run(_hold(scope_of(owner, repo), (reason or "").strip()))
    found = asyncio.run(_held())
    if as_json:
        print_json([{**one.model_dump(mode="json"), "scope": one.scope} for one in found])
    elif not show:
        click.echo("Held. What is at work stops at its next turn; `pullwright hold --list` shows what is held.")
    elif found:
        rows = [(one.scope, f"{one.since:%Y-%m-%d %H:%M:%S}", printable(one.reason)) for one in found]
        print_table(["HELD", "SINCE", "REASON"], rows)
    else:
        click.echo("Nothing is held.")


async def _hold(scope: Scope, reason: str) -> None:
    from adapters.store import holds, open_store
    from adapters.system import SystemClock
    from bot.cli.begin import begin

    settings = begin("hold")
    async with kept("hold"):
        pass  # there is a database, and it is of this version
    async with open_store(settings.database_url) as store, store.begin() as db:
        await holds.hold(db, *scope, reason, SystemClock().now())


async def _held() -> "list[Hold]":
    from adapters.store import holds

    async with kept("hold") as db:
        return await holds.all_(db)
