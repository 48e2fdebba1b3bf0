"""`pullwright worker`: one worker on one queue. Scale by starting more of them."""

import sys

import click


@click.command("worker")
@click.option(
    "--queue",
    type=click.Choice(["intake", "runs"]),
    default="intake",
    show_default=True,
    help="`intake` routes deliveries, `runs` does the work.",
)
def command(queue: str) -> None:
    """Work on a queue until told to stop."""
    from bot.cli.begin import begin
    from jobs.worker import work

    sys.exit(work(begin(f"worker {queue}"), queue))
