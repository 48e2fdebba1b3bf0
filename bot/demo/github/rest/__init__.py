"""The REST API, one file a noun. `ALL` is every route there is; what is not here answers 404 and is remembered."""

from ..routing import Routes
from . import (
    apps,
    branches,
    checks,
    collaborators,
    comments,
    contents,
    git_objects,
    issues,
    labels,
    meta,
    pulls,
    reactions,
    repositories,
    reviews,
    timeline,
    users,
)

_NOUNS = (
    apps,
    branches,
    checks,
    collaborators,
    comments,
    contents,
    git_objects,
    issues,
    labels,
    meta,
    pulls,
    reactions,
    repositories,
    reviews,
    timeline,
    users,
)
ALL: Routes = Routes(route for noun in _NOUNS for route in noun.routes)
