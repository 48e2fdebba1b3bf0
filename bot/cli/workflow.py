"""`pullwright workflow`: read, check, draw and rehearse workflows."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.output import print_json, print_table, printable

if TYPE_CHECKING:
    from core.workflow import Workflow
    from core.workflow.catalogue import Entry, Piece

_IN_REPO = click.option(
    "--repo",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A checkout, whose own workflows count too.",
)
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


@click.group("workflow")
def command() -> None:
    """Read, check, draw, rehearse and run workflows."""


@command.command("list")
@_IN_REPO
@_AS_JSON
def list_(repo: Path | None, as_json: bool) -> None:
    """The workflows there are, and what starts them."""
    from bot.cli.checkout import workflows_of

    known = workflows_of(repo).entries
    if as_json:
        print_json([_listed(entry) for entry in known])
    else:
        rows = [(entry.name, _whence(entry), _starts(entry), _what(entry)) for entry in known]
        print_table(("NAME", "FROM", "STARTED BY", "WHAT"), rows)


@command.command("show")
@click.argument("name", metavar="NAME|FILE")
@click.option("--whole", is_flag=True, help="As a run stores it: with composite steps and sub-workflows written out.")
@_IN_REPO
@_AS_JSON
def show(name: str, repo: Path | None, whole: bool, as_json: bool) -> None:
    """A workflow's text."""
    entry = _chosen(name, repo)
    if as_json:
        print_json(_workflow(entry).model_dump(mode="json", by_alias=True, exclude_defaults=True))
    else:
        if whole:
            _workflow(entry)
        for line in (entry.text if whole else entry.written).rstrip().split("\n"):
            click.echo(printable(line))


@command.command("validate")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_IN_REPO
@_AS_JSON
def validate(files: tuple[Path, ...], repo: Path | None, as_json: bool) -> None:
    """Check workflow files; every mistake is listed with its line and column.

    Files in a checkout's `.github/pullwright/workflows` are also looked at beside one another and beside the built-in
    ones, as on the default branch. With `--repo` all of them are checked.
    """
    from bot.cli.checkout import workflows_of
    from handlers.replies.words import plural

    if not files and repo is None:
        raise click.UsageError("Name files, or a checkout with --repo.")
    mistakes = {str(file): list(_entry_of(file).mistakes) for file in files}
    if repo is not None:
        known = workflows_of(repo)
        own: list[Entry | Piece] = [*(entry for entry in known.entries if entry.own), *known.pieces]
        mistakes |= {one.path: list(one.mistakes) for one in own}
    if as_json:
        print_json([{"file": name, "ok": not found, "mistakes": found} for name, found in mistakes.items()])
    else:
        for name, found in mistakes.items():
            click.echo(f"{printable(name)}: " + ("ok" if not found else plural(len(found), "mistake")))
            for line in found:
                click.echo(f"  {printable(line)}")
    raise SystemExit(1 if any(mistakes.values()) else 0)


@command.command("graph")
@click.argument("name", metavar="NAME|FILE")
@_IN_REPO
@click.option("--svg", "as_svg", is_flag=True, help="A picture instead of Mermaid.")
def graph(name: str, repo: Path | None, as_svg: bool) -> None:
    """Draw a workflow's steps, as Mermaid or as one SVG file."""
    from core.workflow.drawing import svg
    from core.workflow.graph import mermaid

    workflow = _workflow(_chosen(name, repo))
    click.echo(svg(workflow) if as_svg else mermaid(workflow), nl=False)


@command.command("schema")
@click.option("--step", "of_step", is_flag=True, help="That of a composite step's file.")
def schema(of_step: bool) -> None:
    """The language as a JSON Schema, for editors."""
    from core.workflow.schema import of_composites
    from core.workflow.schema import schema as made

    print_json(of_composites() if of_step else made())


@command.command("run")
@click.argument("name", metavar="NAME|FILE")
@click.option("--dry-run", is_flag=True, help="Only show what would happen.")
@click.option("--issue", metavar="NUMBER|FILE", help="The issue; with --dry-run a file: its title, then its text.")
@click.option("--repo", metavar="OWNER/NAME|FOLDER", help="The repository; with --dry-run a checkout.")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="What the workflow is given.")
@click.option("--as", "login", metavar="LOGIN", help="Start it in this person's name, if their role allows it.")
@click.option("--wait", is_flag=True, help="Wait until the run is over.")
@click.option(
    "--owner",
    type=click.Choice(["organisation", "person"]),
    default="organisation",
    show_default=True,
    help="With --dry-run: whose repository it is, where no policy file says which policy counts.",
)
@_AS_JSON
def run(
    name: str,
    dry_run: bool,
    issue: str | None,
    repo: str | None,
    inputs: tuple[str, ...],
    login: str | None,
    wait: bool,
    owner: str,
    as_json: bool,
) -> None:
    """Start a workflow in a repository that the service knows, in somebody's name. Without an issue the run is about
    the whole repository.

    With --dry-run show what a run would do: each step, whether it is done, whom it waits for, and what it may cost at
    most. Then no model and no GitHub is asked, and nothing is written.

    The exit code is 1 where the run could not begin, and with --wait where it did not succeed.
    """
    from bot.cli.rehearsing import rehearsed, show_rehearsal, split

    if not dry_run:
        from bot.cli.ordering import at_once, order, over

        if repo is None or login is None:
            raise click.UsageError("Say where and for whom: --repo OWNER/NAME --as LOGIN. Or --dry-run.")
        number = int(issue) if issue is not None and issue.isdecimal() else None
        if issue is not None and number is None:
            raise click.UsageError("--issue takes a number, and with --dry-run a file.")
        order(name, repo, login, number, split(inputs), until=over if wait else at_once, as_json=as_json)
    if issue is None:
        raise click.UsageError("Missing option '--issue': a file with the title and the text of an issue.")
    checkout = _path(repo, "--repo", folder=True) if repo is not None else None
    workflow = _workflow(_chosen(name, checkout))
    about = _path(issue, "--issue", folder=False)
    told = rehearsed(workflow, about, inputs, checkout, owner_is_organisation=owner == "organisation")
    show_rehearsal(workflow, told, as_json=as_json)


def _path(given: str, option: str, *, folder: bool) -> Path:
    """The path, as click would check it."""
    kind = click.Path(path_type=Path, exists=True, file_okay=not folder, dir_okay=folder)
    try:
        found: Path = kind.convert(given, None, click.get_current_context())
    except click.BadParameter as error:
        raise click.BadParameter(error.message, param_hint=f"'{option}'") from error
    return found


def _listed(entry: "Entry") -> dict[str, object]:
    return {
        "name": entry.name,
        "from": _whence(entry),
        "command": entry.command,
        "label": entry.label,
        "by_itself": list(entry.workflow.on.by_itself) if entry.workflow is not None else [],
        "description": entry.workflow.description if entry.workflow is not None else "",
        "mistakes": list(entry.mistakes),
    }


def _whence(entry: "Entry") -> str:
    return entry.path if entry.own else "built-in"


def _starts(entry: "Entry") -> str:
    command = [f"/{entry.command}"] if entry.command else []
    alone = entry.workflow.on.by_itself if entry.workflow is not None else ()
    return ", ".join([*command, *([entry.label] if entry.label else []), *alone])


def _what(entry: "Entry") -> str:
    from handlers.replies.words import plural

    return entry.workflow.description if entry.workflow is not None else plural(len(entry.mistakes), "mistake")


def _chosen(name: str, repo: Path | None) -> "Entry":
    """The workflow that is meant by a name, or by a file."""
    from bot.cli.checkout import workflows_of

    if "/" in name or name.endswith(".yml"):
        if not Path(name).is_file():
            raise click.UsageError(f"There is no file {name!r}.")
        return _entry_of(Path(name))
    known = workflows_of(repo)
    entry = known.get(name)
    if entry is None:
        listed = ", ".join(one.name for one in known.entries)
        raise click.UsageError(f"There is no workflow {name!r}: {listed}. A file is named by its path.")
    return entry


def _workflow(entry: "Entry") -> "Workflow":
    """The workflow, or the end of the command with its mistakes."""
    if entry.workflow is None:
        for line in entry.mistakes:
            click.echo(printable(line), err=True)
        raise SystemExit(1)
    return entry.workflow


def _entry_of(file: Path) -> "Entry":
    """The workflow in a file: as one of its repository where it lies in the folder for them, else by itself."""
    from bot.cli.checkout import alone, workflows_in
    from core.workflow.catalogue import FOLDER, STEPS

    folder = file.absolute().parent.as_posix()
    if folder.endswith(f"/{FOLDER}"):
        found = [entry for entry in workflows_in(file.parent).entries if entry.path == str(file)]
        if found:
            return found[0]
    entry = alone(file)
    if folder.endswith(f"/{STEPS}"):
        beside = workflows_in(file.parent.with_name(Path(FOLDER).name)).pieces
        return replace(entry, mistakes=next((one.mistakes for one in beside if one.path == str(file)), entry.mistakes))
    return entry
