"""`pullwright`: one file a command, imported only when it is called.

Exit codes: 0 done, 1 the work failed, 2 wrong usage or configuration. Results go to stdout, everything else to stderr.
"""

import importlib
import os
import sys

import click

from core.errors import BotError, ConfigurationError

VERSION = "0.1.0"

_COMMANDS = {
    "clock": "Wake workers for work that none has picked up.",
    "deliveries": "Show what GitHub sent, and send it through again.",
    "demo": "Play a whole story against a local GitHub stand-in.",
    "doctor": "Check settings, database, Redis, git, sandbox, GitHub and model.",
    "hold": "Hold all work, or that of one account or repository.",
    "onboard": "Offer a repository its first policy file.",
    "policy": "Read and check policy files.",
    "redis": "",
    "resume": "Let held work continue.",
    "runs": "Show what the bot did, is doing and is waiting for.",
    "up": "Start the whole service.",
    "web": "Receive webhooks.",
    "worker": "Work on one queue.",
    "workflow": "Read, check, draw, rehearse and run workflows.",
}
_HIDDEN = frozenset({"redis"})


class _Lazy(click.Group):
    """Knows its commands by name; the list in `--help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in _COMMANDS if name not in _HIDDEN]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(f"bot.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101  # every file of this folder ends in one
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name]) for name in self.list_commands(ctx)])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="pullwright")
def cli() -> None:
    """A GitHub App bot that turns issues into pull requests a human approved."""


def main() -> None:
    """The console script."""
    if "_PULLWRIGHT_PARENT" in os.environ:
        from adapters.lineage import follow_parent

        follow_parent(os.environ)
    try:
        cli()
    except BotError as error:
        from adapters.logs import redacted
        from bot.cli.output import printable_lines

        click.echo(printable_lines(redacted(f"pullwright: {error}\n{error.remedy()}")), err=True)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)
