"""Everything that the bot sent the stand-in, as it was sent; and every way of writing, read from the code."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.demo.github import git
from bot.demo.github.auth import CALLER
from bot.demo.github.faults import Act
from bot.demo.github.records import Repository

CLIENT = Path(__file__).parents[2] / "adapters" / "github"
PUSH = "git push"
_MUTATION = re.compile(r"mutation\b[^{]*\{\s*(\w+)")


@dataclass
class Written:
    """A middleware of the stand-in: install it as the innermost, and it sees what got through."""

    login: str
    repository: Repository
    sent: list[tuple[str, Any]] = field(default_factory=list)
    """Which way of writing, and the body."""
    strange: list[str] = field(default_factory=list)
    """Writes that no way in the code explains."""
    branches: set[str] = field(default_factory=set)

    async def __call__(self, request: web.Request, act: Act) -> web.StreamResponse:
        if ".git/" in request.path:
            answer = await act(request)
            if CALLER.get() == self.login and request.path.endswith("git-receive-pack"):
                self.sent.append((PUSH, None))
                self.branches |= {
                    *(await git.text(self.repository.path, "for-each-ref", "--format=%(refname)")).split()
                }
            return answer
        body = await request.read() if request.method != "GET" else b""  # kept, so that it can be read again
        answer = await act(request)
        if CALLER.get() != self.login or not body:
            return answer
        if request.path.endswith("/graphql"):
            asked = await request.json()
            if (mutation := _MUTATION.search(asked["query"])) is not None:
                self.sent.append((mutation[1], asked["variables"]))
        else:
            self._rest(request.method, request.path, await request.json())
        return answer

    def _rest(self, method: str, path: str, body: Any) -> None:
        for way in ways():
            verb, _, template = way.partition(" ")
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if verb == method and re.fullmatch(f"/repos/[^/]+/[^/]+{pattern}", path):
                self.sent.append((way, body))
                return
        self.strange.append(f"{method} {path}")

    def texts(self) -> Iterator[tuple[str, str, str]]:
        """Way of writing, field and text of everything that was sent in words; parts of lists as `list[].field`."""
        for way, body in self.sent:
            for name, text in _leaves(body, ""):
                yield way, name, text


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, f"{name}[]")


_ways: set[str] = set()


def ways() -> set[str]:
    """Every way of writing to a repository that the client has: `POST /pulls`, a mutation's name, and the push."""
    if not _ways:
        _ways.add(PUSH)
        for file in CLIENT.rglob("*.py"):
            _ways.update(_in(ast.parse(file.read_text())))
    return _ways


def _in(tree: ast.Module) -> Iterator[str]:
    texts = {
        target.id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.JoinedStr | ast.BinOp)
        for target in node.targets
        if isinstance(target, ast.Name) and _is_text(node.value)
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if ast.unparse(node.func) == "self.write":
            method, template = node.args[:2]
            yield f"{ast.literal_eval(method)} {ast.literal_eval(template)}"
        elif ast.unparse(node.func) == "self.mutate":
            name = node.args[0]
            assert isinstance(name, ast.Name), "a mutation has a name"
            if (found := _MUTATION.search(texts[name.id])) is not None:
                yield found[1]


def _is_text(node: ast.expr) -> bool:
    try:
        return isinstance(ast.literal_eval(node), str)
    except ValueError:
        return False


async def commits(repository: Repository, but: set[str]) -> dict[str, str]:
    """The message of every commit that the repository ever got, reachable or not."""
    listed = await git.text(repository.path, "cat-file", "--batch-all-objects", "--batch-check")
    shas = [row.split()[0] for row in listed.splitlines() if row.split()[1] == "commit"]
    return {sha: await git.text(repository.path, "log", "-1", "--format=%B", sha) for sha in shas if sha not in but}
