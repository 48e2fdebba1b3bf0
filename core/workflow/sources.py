"""Files that workflows are made of: where they lie, and which of two with the same name counts."""

from dataclasses import dataclass
from enum import IntEnum

FOLDER = ".github/pullwright/workflows"
STEPS = ".github/pullwright/steps"
"""Where a repository has its workflows and its composite steps."""
SUFFIX = ".yml"
OWNERS = ".github"
"""The repository of an owner that counts for all of its repositories."""


def in_owners(path: str) -> str:
    """Where the owner's `.github` repository has, for all repositories, what each of them has at this path."""
    return path.removeprefix(f"{OWNERS}/")


def is_owners(repository: str) -> bool:
    """Whether the repository of this name is that one. GitHub's names are the same in any case."""
    return repository.lower() == OWNERS


class Layer(IntEnum):
    """Whose a file is. Of two with the same name the higher one counts; a file sees its own layer and those below."""

    built_in = 0
    owner = 1
    repository = 2


@dataclass(frozen=True, slots=True)
class File:
    """A workflow or a composite step as it is written. `text` is None where it was not read, and `why` says why not."""

    path: str
    text: str | None
    why: str = ""
    layer: Layer = Layer.repository

    @property
    def name(self) -> str:
        """What it is called."""
        return self.path.rpartition("/")[2].removesuffix(SUFFIX)

    @property
    def composite(self) -> bool:
        """Whether it is a composite step; by its folder."""
        return self.path.rpartition("/")[0].rpartition("/")[2] == STEPS.rpartition("/")[2]
