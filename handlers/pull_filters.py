"""What a workflow asks of a pull request before it listens to what happens there."""

from core.github import Pull
from core.workflow.triggers import PullRequests, PullType
from policies.globs import matching, naming


def passes(
    listens: PullRequests, what: PullType, labels: tuple[str, ...], pull: Pull, changed: tuple[str, ...] | None
) -> bool:
    """Whether the filters let it pass. Where GitHub tells not of all paths, those do."""
    named = (([pull.base_ref], listens.branches), (labels, listens.labels), ([pull.author.login], listens.authors))
    if what not in listens.types or any(globs and not naming(names, globs) for names, globs in named):
        return False
    return not listens.paths or changed is None or bool(matching(changed, listens.paths))
