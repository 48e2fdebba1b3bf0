"""`pullwright runs export` and `pullwright runs replay`: a run in one file, and a run once more."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.begin import begin
from bot.cli.kept import kept
from bot.cli.output import print_json, printable
from bot.cli.which_run import the_one
from core.errors import BotError, ConfigurationError

if TYPE_CHECKING:
    from adapters.settings import Settings
    from core.records import Record
    from jobs.replay import Replayed


@click.command("export")
@click.argument("run_id", metavar="RUN")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it; by default RUN.json in this folder.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def export(run_id: str, out: Path | None, as_json: bool) -> None:
    """One file with all that is recorded of a run, without secrets: it replays on any machine.

    Never written over a file that is there. The beginning of an id is enough.
    """
    from core.records import redacted
    from core.redaction import Redactor

    settings = begin("runs")
    record = redacted(asyncio.run(_record(settings, run_id)), Redactor(*settings.secrets()))
    place = out if out is not None else Path(f"{record.run.id}.json")
    size = _write(place, record.model_dump_json(indent=1).encode() + b"\n")
    if as_json:
        print_json({"run": record.run.id, "file": str(place), "bytes": size, "redacted": record.redacted})
        return
    click.echo(f"Run {record.run.id} is in {place}: {len(record.steps)} records, {len(record.journal)} entries.")
    for found in record.redacted:
        click.echo(f"Redacted: {printable(found)}")


@click.command("replay")
@click.argument("run_or_file", metavar="RUN|FILE")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def replay(run_or_file: str, as_json: bool) -> None:
    """Replay a run offline, and name the first difference from its record. The exit code is 1 if there is one.

    Takes a run of this installation, or a file that `runs export` wrote here or elsewhere.
    """
    from jobs.replay import replay

    settings, file = begin("runs"), Path(run_or_file)
    record = _read(file) if file.is_file() else asyncio.run(_record(settings, run_or_file))
    found = asyncio.run(replay(record))
    if as_json:
        print_json(_told(found))
    elif found.difference is None:
        _print(found)
    if found.difference is not None:
        raise ReplayDiffers(found)


class ReplayDiffers(BotError):
    """A run that is walked again parts from its record."""

    code = "replay-differs"

    def __init__(self, found: "Replayed") -> None:
        super().__init__(f"Run {found.run} is not what its record says. {found.difference}")

    def remedy(self) -> str:
        return (
            "The record was changed, or this version asks what another one did not: replay it with the one that ran it."
        )


class NotWritten(ConfigurationError):
    """The file cannot be written there."""

    code = "not-written"

    def remedy(self) -> str:
        return "Name another one with `--out FILE`."


async def _record(settings: "Settings", prefix: str) -> "Record":
    from adapters.artifacts import LocalArtifacts
    from adapters.store import runs
    from jobs.records import record_of

    async with kept("runs") as db:
        run = the_one(prefix, await runs.find(db, prefix))
        return await record_of(db, LocalArtifacts(settings.artifacts_dir), run.id)


def _read(file: Path) -> "Record":
    from core.records import RecordUnreadable, read

    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise RecordUnreadable(f"{file} cannot be read: {error.strerror}.") from error
    return read(text, str(file))


def _write(place: Path, content: bytes) -> int:
    """The bytes written, for this user's eyes alone: it holds a repository's code. Raises NotWritten."""
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise NotWritten(f"{place} is there already.") from error
    except OSError as error:
        raise NotWritten(f"{place} cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "wb") as file:
        return file.write(content)


def _told(found: "Replayed") -> dict[str, Any]:
    parts = found.difference
    return {
        "run": found.run,
        "same": parts is None,
        "difference": None if parts is None else {"step": parts.step or None, "key": parts.key, "why": str(parts)},
        "steps": found.steps,
        "replies": found.replies,
        "commands": found.commands,
        "taken": list(found.taken),
        "uncompared": found.uncompared,
    }


def _print(found: "Replayed") -> None:
    counted = f"{found.steps} steps, {found.replies} replies, {found.commands} commands"
    click.echo(f"The run is what its record says: {counted}.")
    if found.taken:
        click.echo(f"Taken from the record: {', '.join(found.taken)}.")
    if found.uncompared:
        click.echo(f"Not compared, since something was redacted: {found.uncompared}.")
