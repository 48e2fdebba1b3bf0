"""`pullwright policy`: begin, read and check policy files, and see what they decide."""

from pathlib import Path

import click

from bot.cli.output import print_json
from bot.cli.policy_trees import explain, simulate

BUILT_IN = click.Choice(["solo", "team", "open-source", "strict"])


@click.group("policy")
def command() -> None:
    """Begin, read and check policy files, and see what they decide."""


command.add_command(explain)
command.add_command(simulate)


@command.command("init")
@click.argument("name", type=BUILT_IN)
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(".github/pullwright.yml"),
    show_default=True,
    help="Where to write it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def init(name: str, file: Path, as_json: bool) -> None:
    """Write a commented policy file that starts from a built-in policy. A file that is there is left alone."""
    from policies.schema import BuiltIn
    from policies.starting_file import starting_file

    text = starting_file(BuiltIn(name))
    why = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        why = f"{file} is there already; --file names another place."
    except OSError as error:
        why = f"{file} cannot be written: {error.strerror}."
    if as_json:
        print_json({"file": str(file), "ok": why is None, "why": why, "policy": name})
    else:
        click.echo(why or f"{file}: written, starting from the built-in policy `{name}`", err=why is not None)
    if why is not None:
        raise SystemExit(1)


@command.command("schema")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, which it is anyway.")
def schema(as_json: bool) -> None:  # every command takes it
    """The JSON Schema of policy files, for editors."""
    from policies.schema import file_schema

    print_json(file_schema())


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def check(file: Path, as_json: bool) -> None:
    """Check a `.github/pullwright.yml`; every mistake is listed with its line and column."""
    from core.errors import PolicyInvalid
    from policies.schema import load

    try:
        policy = load(file.read_text(encoding="utf-8", errors="replace"), str(file))
    except PolicyInvalid as error:
        if as_json:
            print_json({"file": str(file), "ok": False, "why": str(error)})
        else:
            click.echo(str(error))
        raise SystemExit(1) from None
    if as_json:
        print_json({"file": str(file), "ok": True, "policy": policy.model_dump(mode="json", by_alias=True)})
    else:
        click.echo(f"{file}: ok, starting from the built-in policy `{policy.policy}`")


@command.command("show")
@click.argument("name", type=BUILT_IN)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(name: str, as_json: bool) -> None:
    """A built-in policy with all its values, as one writes them in a file."""
    import yaml

    from policies.schema import BuiltIn, built_in

    value = built_in(BuiltIn(name)).model_dump(mode="json", by_alias=True)
    if as_json:
        print_json(value)
    else:
        click.echo(yaml.safe_dump(value, sort_keys=False, allow_unicode=True).rstrip())
