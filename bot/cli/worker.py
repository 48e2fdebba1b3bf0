"""`pullwright worker`: one worker on one queue. Scale by starting more of them."""

import os
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

    code = work(begin(f"worker {queue}"), queue)
    # Taking litellm's modules apart costs more than a second of processor time, of the ten that a stop may take, and a
    # busy machine makes many of it. Nothing is open any more.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
