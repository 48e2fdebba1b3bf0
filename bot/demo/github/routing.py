"""How a route is declared and guarded: its address, the permission an App needs, the role a person needs.

    @routes("POST", "/repos/{owner}/{repo}/issues", needs="issues:write", role="read")
    async def create(call: Call) -> Reply: ...

`needs` lists permissions any one of which is enough; `jwt` means an App speaking for itself, `installation` any
installation token, `anyone` no permission at all. `admit` refuses a call before its function runs.
"""

import base64
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from .errors import Moved, Refusal, not_accessible, not_found
from .limits import Limits
from .records import ROLES, Account, Actor, App, Issue, Json, Pull, Repository, Role
from .world import World

T = TypeVar("T")
LEVELS = ("read", "write", "admin")


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """One request on its way to a route's function."""

    world: World
    limits: Limits
    request: web.Request
    actor: Actor
    body: Json

    @property
    def parts(self) -> dict[str, str]:
        return dict(self.request.match_info)

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query)

    @property
    def repository(self) -> Repository:
        name = f"{self.parts['owner']}/{self.parts['repo']}"
        moved = self.world.moved.get(name.lower())
        if moved is not None:
            path = self.request.path_qs.replace(name, moved.full_name, 1)
            raise Moved(f"{self.world.url}{path}", 301 if self.request.method == "GET" else 307)
        return self.world.repository(name)

    @property
    def issue(self) -> Issue:
        return self.world.issue(self.repository, self.id("number"))

    @property
    def pull(self) -> tuple[Issue, Pull]:
        return self.world.pull(self.repository, self.id("number"))

    @property
    def account(self) -> Account:
        if self.actor.account is None:
            raise Refusal(401, "Requires authentication")
        return self.actor.account

    @property
    def app(self) -> App:
        """The calling App; people are told that only Apps may."""
        if self.actor.app is None:
            raise Refusal(403, "You must authenticate via a GitHub App.")
        return self.actor.app

    def id(self, name: str) -> int:
        try:
            return int(self.parts[name])
        except ValueError:
            raise not_found() from None

    def page(self, items: list[T]) -> tuple[list[T], dict[str, str]]:
        """The page the query asks for, and its Link header. 30 a page, 100 at most."""
        size = min(max(self._number("per_page", 30), 1), 100)
        page = max(self._number("page", 1), 1)
        last = max(math.ceil(len(items) / size), 1)
        links = []
        for name, number in (("prev", page - 1), ("next", page + 1), ("last", last), ("first", 1)):
            wanted = page > 1 if name in {"prev", "first"} else page < last
            if wanted:
                query = urlencode(self.query | {"page": str(number)})
                links.append(f'<{self.world.url}{self.request.path}?{query}>; rel="{name}"')
        return items[(page - 1) * size : page * size], {"Link": ", ".join(links)} if links else {}

    def listed(self, items: list[T], shape: Callable[[T], Any]) -> Reply:
        page, headers = self.page(items)
        return Reply(200, [shape(each) for each in page], headers)

    def cut(self, items: list[T], shape: Callable[[T], Any]) -> Reply:
        """A part of a list whose pages have no numbers: only the Link header tells the cursor of the next."""
        size = min(max(self._number("per_page", 30), 1), 100)
        try:
            begin = int(base64.urlsafe_b64decode(self.query.get("after", "")) or b"0")
        except ValueError:
            raise Refusal(422, "Validation Failed") from None
        end, headers = begin + size, dict[str, str]()
        if end < len(items):
            query = urlencode(self.query | {"after": base64.urlsafe_b64encode(str(end).encode()).decode()})
            headers = {"Link": f'<{self.world.url}{self.request.path}?{query}>; rel="next"'}
        return Reply(200, [shape(each) for each in items[begin:end]], headers)

    def counted(self, name: str, items: list[T], shape: Callable[[T], Any]) -> Reply:
        """A page within an object that also tells how many there are, as checks and installations are listed."""
        page, headers = self.page(items)
        return Reply(200, {"total_count": len(items), name: [shape(each) for each in page]}, headers)

    def _number(self, name: str, default: int) -> int:
        try:
            return int(self.query.get(name, default))
        except ValueError:
            return default


Function = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    needs: str
    role: Role
    function: Function


class Routes(list[Route]):
    """The routes of one noun, collected by decoration."""

    def __call__(self, method: str, path: str, needs: str, role: Role | None = None) -> Callable[[Function], Function]:
        least: Role = role or ("write" if needs.endswith(":write") else "read")

        def collect(function: Function) -> Function:
            self.append(Route(method, path, needs, least, function))
            return function

        return collect


def admit(route: Route, call: Call) -> None:
    """Refuse a caller this route is not for: 401, 403, or 404 where the repository is not theirs to know of."""
    actor = call.actor
    if route.needs == "jwt":
        if actor.app is None or actor.token is not None:
            raise Refusal(401, "A JSON web token could not be decoded")
        return
    if actor.app is not None and actor.token is None:
        raise Refusal(401, "Bad credentials")
    if route.needs == "installation" and actor.token is None:
        raise not_accessible()
    if route.needs in {"installation", "anyone"}:
        return
    repository = call.repository if "repo" in call.parts else None
    reads = route.method == "GET"
    if repository is not None and not visible(call.world, actor, repository):
        raise not_found()
    if repository is not None and actor.token is not None and repository.archived and not reads:
        raise Refusal(403, "Repository was archived so is read-only.")
    if actor.account is None and not (reads and repository is not None and not repository.private):
        raise Refusal(401, "Requires authentication")
    if actor.token is not None:
        _admit_installation(route, actor, repository, reads)
    elif repository is not None:
        _admit_person(route, call.world, actor, repository)


def visible(world: World, actor: Actor, repository: Repository) -> bool:
    if not repository.private:
        return True
    if actor.token is not None:
        return repository in actor.token.repositories
    return world.role(repository, actor.account) != "none"


def grants(actor: Actor, repository: Repository | None, needs: str) -> bool:
    """Whether the installation token covers this repository with one of the permissions."""
    token = actor.token
    if token is None or (repository is not None and repository not in token.repositories):
        return False
    for need in needs.split("|"):
        name, _, level = need.partition(":")
        granted = token.permissions.get(name)
        if granted is not None and LEVELS.index(granted) >= LEVELS.index(level):
            return True
    return False


def require_workflows(actor: Actor, repository: Repository, path: str) -> None:
    """Only an App that has `workflows: write` writes below `.github/workflows`."""
    if actor.token and path.startswith(".github/workflows/") and not grants(actor, repository, "workflows:write"):
        raise not_accessible()


def _admit_installation(route: Route, actor: Actor, repository: Repository | None, reads: bool) -> None:
    public_read = reads and repository is not None and not repository.private
    if not public_read and not grants(actor, repository, route.needs):
        raise not_accessible()


def _admit_person(route: Route, world: World, actor: Actor, repository: Repository) -> None:
    role = world.role(repository, actor.account)
    if ROLES.index(role) < ROLES.index(route.role):
        raise Refusal(403, "Must have push access to repository" if route.role == "write" else "Forbidden")
    if repository.archived and route.method != "GET":
        raise Refusal(403, "Repository was archived so is read-only.")
