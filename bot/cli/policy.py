"""`pullwright policy`: read and check policy files."""

from pathlib import Path

import click

from bot.cli.output import print_json


@click.group("policy")
def command() -> None:
    """Read and check policy files."""


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
@click.argument("name", type=click.Choice(["solo", "team", "open-source", "strict"]))
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
