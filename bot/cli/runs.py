"""`pullwright runs`: what the bot did, is doing and waits for."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from bot.cli import dead_letters
from bot.cli.kept import kept
from bot.cli.output import print_json, print_table, printable
from bot.cli.prune import prune
from bot.cli.replay import export, replay
from bot.cli.which_run import the_one
from core.errors import BotError
from core.states import RunState

if TYPE_CHECKING:
    from adapters.store.costs import Totals
    from adapters.store.events import Head
    from core.runs import Event, Run


SHOWN_PARTS = 10
"""Of the parts of a run in one state, how many are shown by id to people; `--json` has all."""


@click.group("runs")
def command() -> None:
    """Show what the bot did, is doing and is waiting for."""


@command.command("list")
@click.option("--state", type=click.Choice([state.value for state in RunState]), help="Only runs in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most.")
@click.option("--parts", is_flag=True, help="Also runs that do one part of another run.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_(state: str | None, limit: int, parts: bool, as_json: bool) -> None:
    """The newest runs."""
    found = asyncio.run(_recent(limit, None if state is None else RunState(state), parts=parts))
    if as_json:
        print_json([_summary(run) for run in found])
        return
    print_table(
        ["RUN", "STATE", "WORKFLOW", "SUBJECT", "BY", "CREATED", "NOTE"],
        [
            (
                run.id,
                run.state.value,
                run.workflow,
                f"{run.repo.full_name}{run.subject}",
                run.requester,
                f"{run.created_at:%Y-%m-%d %H:%M}",
                _note(run),
            )
            for run in found
        ],
    )


@command.command("show")
@click.argument("run_id", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(run_id: str, as_json: bool) -> None:
    """The journal of a run: who, what, why, and what it cost. The beginning of an id is enough."""
    from adapters.store import events

    run, journal, head, totals, parts = asyncio.run(_story(run_id))
    broken = events.verify(journal, head)
    if as_json:
        print_json(
            {
                "run": run.model_dump(mode="json", exclude={"workflow_text"}),
                "journal": [entry.model_dump(mode="json") for entry in journal],
                "journal_intact": broken is None,
                "cost": totals.model_dump(mode="json"),
                "parts": parts,
            }
        )
    else:
        _print_story(run, journal, totals, parts)
    if broken is not None:
        raise JournalBroken(run, broken)


@command.command("verify")
@click.argument("run_id", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def verify(run_id: str, as_json: bool) -> None:
    """Check that the journal of a run is complete, in order and unchanged. The exit code is 1 if it is not.

    Keep the hash it prints somewhere else: a person who can change the whole database can change every hash in it.
    """
    from adapters.store import events

    run, journal, head, *_ = asyncio.run(_story(run_id))
    broken = events.verify(journal, head)
    newest = journal[-1].hash if journal else None
    if as_json:
        print_json(
            {"run": run.id, "intact": broken is None, "entries": len(journal), "head": newest, "broken_at": broken}
        )
    elif broken is None:
        count = f"{len(journal)} {'entry' if len(journal) == 1 else 'entries'}"
        click.echo(f"The journal of run {run.id} is what was written: {count}, head {newest or 'none'}")
    if broken is not None:
        raise JournalBroken(run, broken)


class JournalBroken(BotError):
    """The journal is not what was written: an entry was changed, taken out, added or cut off."""

    code = "journal-broken"

    def __init__(self, run: "Run", entry: int) -> None:
        super().__init__(f"The journal of run {run.id} was changed after it was written: entry {entry} does not fit.")

    def remedy(self) -> str:
        return "Find out who else can write to this database; a backup shows what stood there."


command.add_command(dead_letters.command)
command.add_command(export)
command.add_command(prune)
command.add_command(replay)


async def _recent(limit: int, state: RunState | None, *, parts: bool) -> "list[Run]":
    from adapters.store import runs

    async with kept("runs") as db:
        return await runs.recent(db, limit, state, parts=parts)


async def _story(prefix: str) -> "tuple[Run, list[Event], Head | None, Totals, dict[str, list[str]]]":
    """With the ids of its parts, by their states."""
    from adapters.store import costs, events, parts, runs

    async with kept("runs") as db:
        run = the_one(prefix, await runs.find(db, prefix))
        journal, head, totals = (
            await events.of_run(db, run.id),
            await events.head(db, run.id),
            await costs.of_run(db, run.id),
        )
        return run, journal, head, totals, await parts.by_state(db, run.id)


def _summary(run: "Run") -> dict[str, Any]:
    return run.model_dump(mode="json", exclude={"workflow_text", "snapshot"})


def _note(run: "Run") -> str:
    if run.state == "waiting" and run.waiting is not None:
        return f"waits for {run.waiting.what.value}: {run.waiting.why}"
    return run.ended_why or ""


def _print_story(run: "Run", journal: "list[Event]", totals: "Totals", parts: dict[str, list[str]]) -> None:
    click.echo(f"Run {run.id}: {run.workflow} on {run.repo.full_name}{run.subject}, asked for by {run.requester}")
    click.echo(f"State: {run.state.value}" + (f" ({printable(_note(run))})" if _note(run) else ""))
    if run.pull_number is not None:
        click.echo(f"Pull request: #{run.pull_number}")
    click.echo(f"Cost: {_cost(totals)}")
    if run.parent_id is not None:
        click.echo(f"Part of: run {run.parent_id}")
    for state, ids in parts.items():
        more = f" and {len(ids) - SHOWN_PARTS} more" if len(ids) > SHOWN_PARTS else ""
        click.echo(f"Parts {state}: {len(ids)} ({', '.join(ids[:SHOWN_PARTS])}{more})")
    click.echo()
    for entry in journal:
        click.echo(f"{entry.seq:>4}  {entry.at:%Y-%m-%d %H:%M:%S}  {printable(entry.actor)}  {printable(entry.name)}")
        for name, value in entry.facts.items():
            if value not in (None, "", [], {}):
                click.echo(f"      {printable(str(name))}: {_fact(value)}")


def _fact(value: Any) -> str:
    """The value on one line, with spaces for its line breaks; of a nested one, how much it is."""
    if isinstance(value, dict):
        return f"{len(value)} values, in the `--json` form"
    said = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return printable(" ".join(said.split()))


def _cost(totals: "Totals") -> str:
    priced = "unpriced" if totals.cost_usd is None else f"${totals.cost_usd:.4f}"
    unpriced = f", and {totals.unpriced_calls} calls without a known price" if totals.unpriced_calls else ""
    return f"{priced}{unpriced} ({totals.input_tokens} tokens in, {totals.output_tokens} out)"
