"""`pullwright workflow`: read and check workflow files."""

from pathlib import Path

import click

from bot.cli.output import print_json


@click.group("workflow")
def command() -> None:
    """Read and check workflow files."""


@command.command("validate")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def validate(files: tuple[Path, ...], as_json: bool) -> None:
    """Check workflow files; every mistake is listed with its line and column."""
    from core.errors import DocumentInvalid
    from core.workflow import parse
    from handlers.replies.words import plural

    mistakes: dict[str, list[str]] = {}
    for file in files:
        try:
            parse(file.read_text(encoding="utf-8", errors="replace"), str(file))
            mistakes[str(file)] = []
        except DocumentInvalid as error:
            mistakes[str(file)] = error.mistakes
    if as_json:
        print_json([{"file": name, "ok": not found, "mistakes": found} for name, found in mistakes.items()])
    else:
        for name, found in mistakes.items():
            click.echo(f"{name}: " + ("ok" if not found else plural(len(found), "mistake")))
            for line in found:
                click.echo(f"  {line}")
    raise SystemExit(1 if any(mistakes.values()) else 0)


@command.command("show")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(name: str | None, as_json: bool) -> None:
    """A built-in workflow's text, or the list of them."""
    from core.workflow import parse
    from jobs.workflows import built_in

    known = built_in()
    if name is None:
        listed = [{"name": key, "description": parse(text, key).description} for key, text in known.items()]
        if as_json:
            print_json(listed)
        else:
            for entry in listed:
                click.echo(f"{entry['name']}: {entry['description']}")
        return
    if name not in known:
        raise click.UsageError(f"There is no built-in workflow {name!r}: {', '.join(known)}.")
    if as_json:
        print_json(parse(known[name], name).model_dump(mode="json"))
    else:
        click.echo(known[name].rstrip())
