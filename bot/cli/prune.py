"""`pullwright runs prune`: forget what is over for long enough, now instead of at the clock's next day."""

import asyncio
from typing import TYPE_CHECKING

import click

from bot.cli.kept import kept
from bot.cli.output import print_json

if TYPE_CHECKING:
    from jobs.retention import Pruned


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Only count, and name the caches.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def prune(dry_run: bool, as_json: bool) -> None:
    """Delete runs, deliveries and files that are older than the settings keep them."""
    done = asyncio.run(_prune(dry_run))
    if as_json:
        print_json(done.model_dump())
        return
    numbers = {**done.model_dump(), "caches": len(done.caches)}
    counts = ", ".join(f"{number} {name}" for name, number in numbers.items())
    click.echo(f"{'Would remove' if dry_run else 'Removed'}: {counts}")
    for place in done.caches:
        click.echo(f"  {place}")


async def _prune(dry_run: bool) -> "Pruned":
    from adapters.artifacts import LocalArtifacts
    from adapters.git.mirrors import Mirrors
    from adapters.git.workspaces import Workspaces
    from adapters.store import open_store
    from adapters.system import SystemClock
    from bot.cli.begin import begin
    from jobs import retention

    settings = begin("prune")
    async with kept("prune"):
        pass  # there is a database, and it is of this version
    workspaces = Workspaces(settings.data_dir / "workspaces", Mirrors(settings.data_dir / "mirrors"))
    artifacts = LocalArtifacts(settings.artifacts_dir)
    async with open_store(settings.database_url) as store:
        return await retention.prune(settings, store, artifacts, workspaces, SystemClock().now(), dry_run=dry_run)
