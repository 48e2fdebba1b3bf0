"""A repository is renamed, transferred, archived or taken out of the archive, or has another default branch.

Its name is learned where any event is routed; the default branch is read anew whenever it counts. While a repository is
archived nobody can write to it: its runs wait until it is not.
"""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Shut
from handlers.events import RepositoryChanged

EVENT = RepositoryChanged
ARCHIVED = "The repository is archived at GitHub, and nobody can write to it."


def needs(event: RepositoryChanged) -> FactQuery | Ignore:
    return FactQuery()


def plan(event: RepositoryChanged, facts: Facts) -> list[Intent]:
    return [Shut(ARCHIVED if facts.repository.archived else None)]
