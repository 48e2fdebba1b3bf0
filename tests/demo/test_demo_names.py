"""What the repository of a folder is called on the stand-in."""

from pathlib import Path

import pytest

from bot.demo.story import SAMPLE, repository_name


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/src/pygments-2.19.2", "pygments-2.19.2"),
        ("/src/we ird ünï", "we-ird--n"),
        ("/src/.hidden", "hidden"),
        ("/src/日本", "project"),
    ],
)
def test_it_is_the_folders_name_as_far_as_github_takes_it(folder: str, name: str):
    assert repository_name(Path(folder)) == name


def test_the_sample_is_called_slugs():
    assert repository_name(SAMPLE / "repository") == "slugs"
