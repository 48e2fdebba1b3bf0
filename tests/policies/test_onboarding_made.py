"""The one protected file that a change of ours may add: exactly as our own code wrote it, and where there was none."""

import pytest

from core.digests import ChangedPath
from core.names import Sha
from jobs.onboarding import Made
from policies.content import change_allowed
from policies.schema import PATH, BuiltIn, built_in

OURS, OTHERS = Sha("a" * 40), Sha("b" * 40)
MADE = Made(blob=OURS, leftover=None)


def touched(path: str = PATH, *, mode: str = "100644", base: Sha | None = None, head: Sha | None = OURS) -> ChangedPath:
    return ChangedPath(path=path, mode=mode, base_blob=base, head_blob=head)


def protected(*paths: ChangedPath) -> bool:
    """Whether the change is refused for what it touches."""
    policy = built_in(BuiltIn.team)
    found = change_allowed(policy, paths=paths, additions=1, deletions=0, bytes_=1, ours=MADE.covers(paths))
    return next(child for child in found.children if child.name == "protected paths").refused


def test_the_file_that_was_made_may_be_added() -> None:
    assert not protected(touched())


@pytest.mark.parametrize(
    "change",
    [
        touched(head=OTHERS),
        touched(base=OTHERS),
        touched(head=None, base=OURS),
        touched(mode="120000"),
        touched(".github/pullwright/workflows/implement.yml"),
        touched(".github/workflows/ci.yml"),
    ],
)
def test_nothing_else_that_is_protected_may_be_touched_beside_it(change: ChangedPath) -> None:
    assert protected(touched("a.txt"), change)
