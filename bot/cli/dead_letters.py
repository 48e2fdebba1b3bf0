"""`pullwright runs dead-letters`: work that failed for good while the rest went on, and what to do about it."""

import asyncio
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from bot.cli.kept import kept
from bot.cli.output import print_json, print_table, printable
from core.errors import BotError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.store.dead_letters import Letter


class NoSuchLetter(BotError):
    """The id names no dead letter, or several."""

    code = "no-such-letter"

    def remedy(self) -> str:
        return "`pullwright runs dead-letters list` shows the ids."


@click.group("dead-letters")
def command() -> None:
    """Items that failed while the rest of their list went on, and runs that were given up."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_(as_json: bool) -> None:
    """Show those that nobody has retried or dropped yet, by cause."""
    found = asyncio.run(_unsettled())
    causes = [(code, list(letters)) for code, letters in groupby(found, key=lambda letter: letter.code)]
    if as_json:
        told = [{"code": code, "count": len(group), "letters": [_told(one) for one in group]} for code, group in causes]
        print_json(told)
        return
    if not found:
        click.echo("There are no dead letters.")
    for code, group in causes:
        click.echo(f"{printable(code)}: {len(group)}")
        rows = [(one.run_id, _of(one), f"{one.at:%Y-%m-%d %H:%M}", one.why) for one in group]
        print_table(["  RUN", "OF", "AT", "WHY"], [(f"  {run}", *rest) for run, *rest in rows])


@command.command("show")
@click.argument("run_id", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(run_id: str, as_json: bool) -> None:
    """One of them, with its item. The beginning of an id is enough; `runs show` tells the whole story of the run."""
    letter = asyncio.run(_one(run_id))
    if as_json:
        print_json(_told(letter))
        return
    click.echo(f"Run {letter.run_id}: {_of(letter)}")
    click.echo(f"Failed: {letter.at:%Y-%m-%d %H:%M:%S}, {printable(letter.code)}: {printable(letter.why)}")
    if letter.part is not None:
        click.echo(
            f"Item {letter.part.index} of step {printable(letter.part.step)}: {printable(str(letter.part.item))}"
        )
    if letter.settled is not None:
        does = f": run {letter.again_id} does it again" if letter.again_id is not None else ""
        click.echo(f"Somebody has {letter.settled.value} it{does}.")


@command.command("retry")
@click.argument("run_ids", metavar="RUN...", nargs=-1, required=True)
@click.option("--step", metavar="STEP", help="Only items of this step, where a run has several lists.")
@click.option("--item", "items", metavar="INDEX", type=int, multiple=True, help="Only this item; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def retry(run_ids: tuple[str, ...], step: str | None, items: tuple[int, ...], as_json: bool) -> None:
    """Retry failed items: a RUN is one that failed at its item, or one whose items failed, which means all of them.

    While the list is still being worked on, they are added to it; later a new run does them and the steps after.
    """
    begun = asyncio.run(_retry(run_ids, step, items))
    if as_json:
        print_json([{"run": old, "begun": new} for old, new in begun])
        return
    for old, new in begun:
        click.echo(f"Run {new} does again what run {old} failed at.")


@command.command("drop")
@click.argument("run_ids", metavar="RUN...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def drop(run_ids: tuple[str, ...], as_json: bool) -> None:
    """Take these off the list. The runs themselves stay."""
    dropped = asyncio.run(_drop(run_ids))
    if as_json:
        print_json([{"run": run, "dropped": True} for run in dropped])
        return
    for run in dropped:
        click.echo(f"Run {run} is not listed any more.")


async def _unsettled() -> "Sequence[Letter]":
    from adapters.store import dead_letters

    async with kept("runs") as db:
        return await dead_letters.unsettled(db)


async def _one(prefix: str) -> "Letter":
    from adapters.store import dead_letters

    async with kept("runs") as db:
        return _the_one(prefix, await dead_letters.get(db, prefix))


async def _meant(prefix: str, step: str | None, items: tuple[int, ...]) -> "Sequence[Letter]":
    """The open letters of the run's items, as far as they were asked for; else the one letter about the run itself."""
    from adapters.store import dead_letters, runs

    async with kept("runs") as db:
        found = await runs.find(db, prefix)
        letters = await dead_letters.of_parts(db, found[0].id) if len(found) == 1 else ()
        if not letters:
            return [_the_one(prefix, await dead_letters.get(db, prefix))]
    wanted = [letter for letter in letters if letter.part is not None and step in {None, letter.part.step}]
    wanted = [letter for letter in wanted if not items or (letter.part is not None and letter.part.index in items)]
    if not wanted:
        raise NoSuchLetter(f"No such item of run {found[0].id} is a dead letter.")
    return wanted


async def _retry(prefixes: tuple[str, ...], step: str | None, items: tuple[int, ...]) -> list[tuple[str, str]]:
    from adapters.store import open_store
    from adapters.system import RandomIds, SystemClock
    from bot.cli.begin import begin
    from jobs import dead_letters

    letters = [letter for prefix in prefixes for letter in await _meant(prefix, step, items)]
    async with open_store(begin("runs").database_url) as store, store.begin() as db:
        begun = await dead_letters.retry(db, letters, RandomIds(), SystemClock().now())
    return [(failed, again) for failed, again in begun.items()]


async def _drop(prefixes: tuple[str, ...]) -> list[str]:
    from adapters.store import open_store
    from adapters.system import SystemClock
    from bot.cli.begin import begin
    from jobs import dead_letters

    letters, now = [await _one(prefix) for prefix in prefixes], SystemClock().now()
    async with open_store(begin("runs").database_url) as store, store.begin() as db:
        for letter in letters:
            await dead_letters.drop(db, letter, now)
    return [letter.run_id for letter in letters]


def _the_one(prefix: str, found: "Sequence[Letter]") -> "Letter":
    if len(found) != 1:
        several = ", ".join(letter.run_id for letter in found)
        raise NoSuchLetter(f"{prefix!r} names {'several dead letters: ' + several if found else 'no dead letter'}.")
    return found[0]


def _of(letter: "Letter") -> str:
    """What failed: the item of which run, or the run itself."""
    about = f"{letter.workflow} on {letter.repo.full_name}{letter.subject}"
    if letter.part is None or letter.parent_id is None:
        return about
    again = f", attempt {letter.part.attempt + 1}" if letter.part.attempt else ""
    return f"item {letter.part.index} of {letter.part.step} in run {letter.parent_id}{again}"


def _told(letter: "Letter") -> dict[str, Any]:
    return letter.model_dump(mode="json")
