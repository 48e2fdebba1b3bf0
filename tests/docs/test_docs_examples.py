"""The files that the documentation shows are read by the code that will read them."""

import pytest
from docs_pages import DOCS, PAGES, Block, blocks

from adapters.operator import OperatorFile
from core.errors import PolicyInvalid
from policies.schema import effective, load

POLICY = DOCS / "policy.md"
EXAMPLES = blocks(POLICY, "yaml")


def _named(name: str) -> list[Block]:
    return [block for block in EXAMPLES if block.text.startswith(f"# {name}\n")]


@pytest.mark.parametrize("block", _named(".github/pullwright.yml"), ids=lambda block: block.text.splitlines()[1])
def test_an_example_of_a_repositorys_file_loads(block: Block):
    load(block.text, ".github/pullwright.yml")


def test_the_operators_file_loads_and_binds_a_repository_as_the_page_says(tmp_path):
    (operator,), (looser,) = _named("operator.yml"), _named("looser.yml")
    (tmp_path / "operator.yml").write_text(operator.text)
    file = OperatorFile.read(tmp_path / "operator.yml")
    assert set(file.prices) == {"openai/my-model"}
    with pytest.raises(PolicyInvalid) as refused:
        effective(file.policy, looser.text, owner_is_organisation=True)
    assert f"{refused.value}\n" in [block.text for block in blocks(POLICY, "text")]


def test_no_example_is_left_unread():
    assert {block.text.partition("\n")[0] for block in EXAMPLES} == {
        "# .github/pullwright.yml",
        "# broken.yml",
        "# facts.yml",
        "# operator.yml",
        "# looser.yml",
    }
    assert [page.name for page in PAGES if blocks(page, "yaml")] == ["policy.md", "workflows.md"]
