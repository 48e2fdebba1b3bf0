"""`pullwright hold` and `pullwright resume`."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.store import open_store
from bot.cli import cli


@pytest.fixture
def pullwright_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PULLWRIGHT_DATA_DIR", str(tmp_path))

    async def migrated() -> None:
        async with open_store(f"sqlite:///{tmp_path}/pullwright.db") as store:
            await store.migrate()

    asyncio.run(migrated())

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments)

    return call


def test_what_is_held_is_shown_until_it_is_resumed(pullwright_here):
    assert pullwright_here("hold", "--list").output == "Nothing is held.\n"
    assert pullwright_here("hold", "--repo", "Acme/Slugs", "--reason", "the tests\nare red").exit_code == 0
    assert pullwright_here("hold", "--owner", "ada", "--reason", "they asked").exit_code == 0
    shown = json.loads(pullwright_here("hold", "--list", "--json").stdout)
    assert [(one["scope"], one["reason"]) for one in shown] == [
        ("acme/slugs", "the tests\nare red"),
        ("everything of ada", "they asked"),
    ]
    assert "acme/slugs" in pullwright_here("hold", "--list").output
    assert json.loads(pullwright_here("resume", "--repo", "acme/slugs", "--json").stdout) == {"rung": 0}
    assert pullwright_here("resume", "--owner", "ada").output == "Resumed: 0 runs are due.\n"
    assert pullwright_here("hold", "--list", "--json").stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["hold"], "Say why, with --reason: people who ask are told."),
        (["hold", "--reason", " "], "Say why, with --reason: people who ask are told."),
        (["hold", "--repo", "acme", "--reason", "r"], "--repo takes OWNER/NAME."),
        (["hold", "--repo", "acme/", "--reason", "r"], "--repo names nothing that GitHub could have: ''."),
        (["hold", "--repo", "a/b", "--owner", "a", "--reason", "r"], "Give --owner or --repo, not both."),
        (["resume", "--owner", ""], "--owner names nothing that GitHub could have: ''."),
    ],
)
def test_wrong_usage_is_told(pullwright_here, arguments: list[str], said: str):
    ended = pullwright_here(*arguments)
    assert ended.exit_code == 2
    assert said in ended.output


def test_a_hold_that_is_not_there_cannot_be_ended(pullwright_here):
    pullwright_here("hold", "--owner", "ada", "--reason", "they asked")
    ended = pullwright_here("resume")
    assert str(ended.exception) == "Nothing is held by these options."
