"""The issues and scripts of `docs/demo/` are ones that the demo takes."""

from pathlib import Path

import pytest

from bot.demo.model import Script

EXAMPLES = sorted(folder for folder in (Path(__file__).parents[2] / "docs" / "demo").iterdir())


def test_each_example_is_an_issue_and_a_script():
    assert {name.name: sorted(path.name for path in name.iterdir()) for name in EXAMPLES} == {
        name: ["issue.md", "script.yml"] for name in ("boltons", "humanize", "pygments")
    }


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_the_script_can_be_followed_and_changes_a_test(folder: Path):
    script = Script.parse((folder / "script.yml").read_text(), "script.yml")
    _, turns = script.section("change") or ("", ())
    assert any("tests/" in call.arguments for turn in turns for call in turn.calls if call.tool == "edit")
    assert (folder / "issue.md").read_text().startswith("# ")
