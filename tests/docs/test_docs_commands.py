"""Every `pullwright` line of the documentation can be typed, and prints what the page says where it can be told."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from docs_pages import PAGES, ROOT, Shown, agrees, blocks, shown

from adapters.sandbox.backends import boxes
from bot.cli import cli
from bot.cli.doctor import _CHECKS

LINES = [line for page in (*PAGES, ROOT / "README.md") for line in shown(page) if line.arguments is not None]
SAME_EVERYWHERE = ("policy", "workflow")
"""Commands that print the same on every machine."""


def _command(arguments: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words name, and what is left of them."""
    command: click.Command = cli
    while isinstance(command, click.Group):
        context = click.Context(command)
        found = command.get_command(context, arguments[0]) if arguments else None
        assert found is not None, f"there is no `pullwright {' '.join(arguments)}`"
        command, arguments = found, arguments[1:]
    return command, arguments


def _every_command(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    found = [command.get_command(context, name) for name in command.list_commands(context)]
    return [one for sub in found if sub is not None for one in _every_command(sub, (*path, str(sub.name)))]


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.page}: {line.line}")
def test_a_command_on_a_page_can_be_typed(line: Shown):
    command, left = _command(line.arguments or [])
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in left if word.startswith("-")} <= known


@pytest.mark.parametrize("path", _every_command(cli), ids=" ".join)
def test_every_command_and_option_has_a_help_text(path: tuple[str, ...]):
    ended = CliRunner().invoke(cli, [*path, "--help"])
    assert ended.exit_code == 0
    command, _ = _command(list(path))
    assert command.help
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize(
    "line",
    [line for line in LINES if (line.arguments or [""])[0] in SAME_EVERYWHERE and line.output],
    ids=lambda line: f"{line.page}: {line.line}",
)
def test_what_a_command_prints_is_what_the_page_shows(line: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (page,) = [page for page in PAGES if page.name == line.page]
    for block in reversed(blocks(page, "yaml")):  # of several with one name the first counts
        file = tmp_path / block.text.partition("\n")[0].removeprefix("# ")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text)
    (tmp_path / "issue.md").write_text("# Say what slugify() does\n")  # one that a reader has
    monkeypatch.chdir(tmp_path)
    printed = CliRunner().invoke(cli, line.arguments or []).output.splitlines()
    assert agrees(line.output, printed), "\n".join(printed)


async def test_the_doctor_lines_are_those_that_the_probe_gives():
    report = await boxes("bubblewrap").probe(quick=False)
    told = [row for line in LINES if line.page == "security.md" for row in line.output if row.startswith("ok  ")]
    names = [row.split(": ")[1] for row in told]
    assert names == [line.name for line in report.lines]


def test_the_doctor_lines_of_a_machine_without_settings_are_the_doctors():
    told = [row for line in LINES if line.page == "getting-started.md" for row in line.output]
    names = {row.split("  ", 1)[1].strip().split(":")[0] for row in told if row.startswith(("ok  ", "PROBLEM"))}
    assert {name.partition(" (")[0] for name in names} <= set(_CHECKS)
    assert len(names) > 4
