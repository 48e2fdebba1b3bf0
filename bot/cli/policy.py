"""`pullwright policy`: begin, read and check policy files, and see what they decide."""

import os
from pathlib import Path

import click

from bot.cli.output import print_json, printable_lines
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
@click.option("--json", "as_json", is_flag=True, help="One JSON document; it always is.")
def schema(as_json: bool) -> None:  # every command takes it
    """The JSON Schema of policy files, for editors."""
    from policies.schema import file_schema

    print_json(file_schema())


@command.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--operator", is_flag=True, help="Check the operator's policy, and FILE beside it.")
@click.option(
    "--app", default="pullwright", show_default=True, metavar="SLUG", help="What the App is called at GitHub."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def check(file: Path | None, operator: bool, app: str, as_json: bool) -> None:
    """Check a `.github/pullwright.yml`; every mistake is listed with its line and column.

    With --operator the policy in the file that PULLWRIGHT_CONFIG names is checked; a FILE is then read as a
    repository's, which may only tighten that.
    """
    from core.errors import PolicyInvalid
    from policies.schema import effective, load

    config, outer = _operators() if operator else (None, None)
    checked = file or config
    if checked is None:
        raise click.UsageError("Say which FILE, or --operator.")
    us = f"{app}[bot]"
    try:
        if outer is not None:
            load(outer, str(config), us=us)
        text = file.read_text(encoding="utf-8", errors="replace") if file is not None else None
        # Where no file names a built-in policy, that of organisations' repositories counts.
        policy = effective(outer, text, True, str(checked), us).policy
    except PolicyInvalid as error:
        if as_json:
            print_json({"file": str(checked), "ok": False, "why": str(error)})
        else:
            click.echo(printable_lines(str(error)))
        raise SystemExit(1) from None
    if as_json:
        print_json({"file": str(checked), "ok": True, "policy": policy.model_dump(mode="json", by_alias=True)})
    else:
        beside = " and no looser than the operator's" if operator and file is not None else ""
        click.echo(f"{checked}: ok, starting from the built-in policy `{policy.policy}`{beside}")


def _operators() -> tuple[Path, str]:
    """The operator's file, and the text of the policy in it. Raises ConfigurationError where there is none."""
    from adapters.operator import OperatorFile
    from adapters.settings import load
    from core.errors import ConfigurationError

    config = load(os.environ).config
    text = OperatorFile.read(config).policy
    if config is None or text is None:
        where = f"{config} has no `policy`" if config is not None else "PULLWRIGHT_CONFIG names no file"
        raise ConfigurationError(f"There is no policy of the operator's: {where}.")
    return config, text


@command.command("show")
@click.argument("name", type=BUILT_IN)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(name: str, as_json: bool) -> None:
    """A built-in policy with all its values, as a policy file would have them."""
    import yaml

    from policies.schema import BuiltIn, built_in

    value = built_in(BuiltIn(name)).model_dump(mode="json", by_alias=True)
    if as_json:
        print_json(value)
    else:
        click.echo(yaml.safe_dump(value, sort_keys=False, allow_unicode=True).rstrip())
