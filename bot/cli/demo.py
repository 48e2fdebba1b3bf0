"""`pullwright demo`: the whole service against a local GitHub stand-in, with a scripted model or a real one."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.output import print_json, printable
from core.errors import ConfigurationError

if TYPE_CHECKING:
    from bot.demo.story import Ending, Plot
    from bot.demo.town import Town
    from bot.up import Service

REAL = ("APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_FILE", "WEBHOOK_SECRET", "DATABASE_URL", "REDIS_URL")
"""Settings that belong to a real service: the demo runs beside none."""

MODEL_SETTINGS = (
    "PULLWRIGHT_MODEL_API_BASE",
    "PULLWRIGHT_MODEL_API_KEY",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "MISTRAL_API_KEY",
    "OPENROUTER_API_KEY",
)
"""What the service is given of the surroundings for a real model, and only for one."""

COLOURS = {"pullwright": "cyan", "rosa": "magenta", "ada": "green", "script": "yellow"}


@click.command("demo")
@click.option("--repo", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A git repository to use.")
@click.option(
    "--issue", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An issue: title, then text."
)
@click.option("--script", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="What the model does.")
@click.option("--model", help="A real model by its litellm name, instead of a script.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, the story on stderr.")
@click.option("--keep", is_flag=True, help="Leave everything running at the end, and say where to look.")
def command(
    repo: Path | None, issue: Path | None, script: Path | None, model: str | None, as_json: bool, keep: bool
) -> None:
    """Play a whole story: an issue, a plan, two approvals, a merged pull request.

    Without options it uses a small repository, an issue and a script that ship with Pullwright. GitHub is a stand-in
    on the loopback address with keys made for this one story; the service, git, the database, Redis and the sandbox
    are the real ones. Exits with 0 when the pull request is merged, with 1 when it is not.
    """
    plot = _plot(repo, issue, script, model, keep)
    ending = asyncio.run(_play(plot, _data_dir(), as_json=as_json))
    if not plot.keep:
        _show(ending, as_json=as_json)
    raise SystemExit(0 if ending.merged else 1)


async def _play(plot: "Plot", data_dir: Path, *, as_json: bool) -> "Ending":
    """The ending. Ctrl-C and SIGTERM end what was kept, and break off what is not over."""
    from adapters import logs
    from bot.demo.story import play

    # Without this, a warning of the supervisor would go to stdout.
    logs.configure((), process="demo")

    def kept(ending: "Ending", town: "Town", service: "Service", folder: Path) -> None:
        _show(ending, as_json=as_json)
        _show_where(town, service, folder)

    playing = asyncio.create_task(play(plot, data_dir, _teller(to_stderr=as_json), kept))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    try:
        return await playing
    except asyncio.CancelledError:
        raise SystemExit(1) from None


def _plot(repo: Path | None, issue: Path | None, script: Path | None, model: str | None, keep: bool) -> "Plot":
    """What is played, or ConfigurationError with what does not fit together."""
    from bot.demo.model import Script, ScriptInvalid
    from bot.demo.story import SAMPLE, Plot

    if script is not None and model is not None:
        raise click.UsageError("--script and --model exclude each other: a real model follows no script.")
    if repo is not None and (issue is None or (script is None and model is None)):
        raise click.UsageError("--repo needs an --issue to work on, and a --script or a --model to do it.")
    if real := [f"PULLWRIGHT_{name}" for name in REAL if os.environ.get(f"PULLWRIGHT_{name}")]:
        raise ConfigurationError(f"The demo runs beside nothing real. Unset {', '.join(real)}.")
    text = _text(issue or SAMPLE / "issue.md")
    if not text.strip().partition("\n")[0].strip("# "):
        raise click.UsageError(f"{issue} has no title: its first line is the title, the rest the text.")
    path = script or SAMPLE / "script.yml"
    try:
        lines = None if model else Script.parse(_text(path), str(path))
    except ScriptInvalid as error:
        raise click.UsageError(f"The script cannot be followed.\n{error}") from error
    settings = {name: value for name in MODEL_SETTINGS if model and (value := os.environ.get(name))}
    branch = "main" if repo is None else _branch(repo)
    return Plot(repo or SAMPLE / "repository", text, lines, branch, model, settings, keep)


def _branch(repo: Path) -> str:
    """The default branch that the demo gives this repository. Says it where the demo will not see all of its files."""
    from bot.demo.source import NotPlayable, look_at

    try:
        source = asyncio.run(look_at(repo))
    except NotPlayable as error:
        raise click.UsageError(str(error)) from error
    if source.uncommitted:
        click.echo(
            f"{repo} has changes that are not committed. The demo plays the last commit of `{source.branch}`.", err=True
        )
    return source.branch


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{path} is no UTF-8 text.") from error


def _data_dir() -> Path:
    from adapters.settings import default_data_dir

    named = os.environ.get("PULLWRIGHT_DATA_DIR")
    return Path(named).expanduser().absolute() if named else default_data_dir()


def _teller(*, to_stderr: bool) -> Callable[[datetime, str, str], None]:
    """Prints the story line by line. Foreign text cannot move the cursor or colour anything."""

    def tell(at: datetime, who: str, what: str) -> None:
        time = click.style(f"{at:%H:%M:%S}", dim=True)
        click.echo(f"{time}  {click.style(f'{who:<11}', fg=COLOURS.get(who))} {printable(what)}", err=to_stderr)

    return tell


def _show_where(town: "Town", service: "Service", folder: Path) -> None:
    full_name = town.repository.full_name
    click.echo(
        f"\nEverything keeps running until Ctrl-C.\n"
        f"  GitHub     {town.github.url}/repos/{full_name}/issues/1/comments\n"
        f"  git        git clone {town.github.url}/{full_name}.git\n"
        f"  service    {service.url}/metrics\n"
        f"  log        {folder / 'service.log'}\n"
        f"  the run    PULLWRIGHT_DATA_DIR={service.settings.data_dir} pullwright runs list",
        err=True,
    )


def _show(ending: "Ending", *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(ending))
    else:
        _summary(ending)


def _summary(ending: "Ending") -> None:
    from bot.cli.output import print_table

    click.echo()
    if ending.checks:
        rows = [(check["name"], check["conclusion"], check["title"]) for check in ending.checks]
        print_table(["CHECK", "CONCLUSION", "WHAT IT SAID"], rows)
        click.echo()
    cost = "unpriced" if ending.cost_usd is None else f"${ending.cost_usd:.2f}"
    first = f"first webhook after {ending.first_webhook_seconds} s"
    click.echo(f"Issue #{ending.issue}, run {ending.run}: {ending.state}, {cost}, {ending.seconds} s ({first}).")
    if ending.merged:
        click.secho(f"Pull request #{ending.pull} is merged.", fg="green")
        return
    click.secho("The pull request was not merged. The bot's last words:", fg="red")
    click.echo("\n".join(printable(line) for line in ending.last_words.splitlines()))
