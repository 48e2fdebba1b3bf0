"""One repository at GitHub: everything that `core.github.GitHub` promises, put together from its nouns."""

from adapters.github.checks import Checks
from adapters.github.contents import Contents
from adapters.github.edits import Edits
from adapters.github.issues import Issues
from adapters.github.moves import Moves
from adapters.github.objects import Objects
from adapters.github.people import People
from adapters.github.pulls import Pulls
from adapters.github.rules import Rules
from adapters.github.threads import Threads
from core.github import GitHub


class Repository(Contents, People, Issues, Edits, Pulls, Moves, Threads, Checks, Rules, Objects):
    """One repository through one installation."""


_satisfies: type[GitHub] = Repository
