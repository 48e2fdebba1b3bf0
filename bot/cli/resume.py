"""`pullwright resume`: let work go on that was held, and ring for all of it."""

import asyncio

import click

from bot.cli.hold import Scope, scope_of
from bot.cli.kept import kept
from bot.cli.output import print_json
from core.errors import BotError

BELLS = 1000
"""Rung at once. For what is due beyond them, the clock rings."""


class NothingHeld(BotError):
    """There is no such hold."""

    code = "nothing-held"

    def remedy(self) -> str:
        return "`pullwright hold --list` shows what is held; resume it by the same options."


@click.command("resume")
@click.option("--owner", help="End the hold on this account.")
@click.option("--repo", metavar="OWNER/NAME", help="End the hold on this repository.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(owner: str | None, repo: str | None, as_json: bool) -> None:
    """Let held work continue: ends the hold that has exactly these options, and wakes workers for its runs."""
    rung = asyncio.run(_resume(scope_of(owner, repo)))
    if as_json:
        print_json({"rung": rung})
    else:
        click.echo(f"Resumed: {rung} {'run is' if rung == 1 else 'runs are'} due.")


async def _resume(scope: Scope) -> int:
    """How many runs were rung for. Raises NothingHeld."""
    from adapters.doorbell import open_doorbell
    from adapters.store import holds, open_store, runs
    from adapters.system import SystemClock
    from bot.cli.begin import begin

    settings = begin("resume")
    async with kept("resume"):
        pass  # there is a database, and it is of this version
    doorbell = open_doorbell(settings)
    async with open_store(settings.database_url) as store:
        now = SystemClock().now()
        async with store.begin() as db:
            if not await holds.resume(db, *scope):
                raise NothingHeld("Nothing is held by these options.")
            due = await runs.due(db, now, BELLS)
            await runs.lock_in_order(db, due)
            for run_id in due:
                await runs.wake(db, run_id, now)  # where it waited for a time that has come meanwhile
            rings = [(run_id, await runs.ring(db, run_id)) for run_id in due]
        for run_id, number in rings:
            if not await doorbell.ring_run(run_id, number):
                break  # Redis is away: the clock rings
    return len(due)
