"""Faults to order: the next calls that fit a method and a path fail, and routes that this server does not have.

    faults.fail_next("POST", "*/comments", 500, after=True)
    faults.lacks("POST", "/repos/*/*/issues/*/reactions")

`after=True` is the ambiguous case: GitHub did it, and the caller does not learn so. What goes wrong at random is in
`storm`.
"""

import fnmatch
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from .errors import Refusal, not_found

Act = Callable[[web.Request], Awaitable[web.StreamResponse]]
Middleware = Callable[[web.Request, Act], Awaitable[web.StreamResponse]]
_MESSAGES = {
    403: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    429: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    500: "Server Error",
    502: "Server Error",
    503: "Service unavailable",
}


@dataclass
class Fault:
    """`status` 0 drops the connection without an answer."""

    method: str
    path_glob: str
    status: int
    times: int
    after: bool
    headers: dict[str, str] = field(default_factory=dict)
    message: str | None = None

    def fits(self, request: web.Request) -> bool:
        return self.times > 0 and _fits(request, self.method, self.path_glob)


class Faults:
    """A middleware of every stand-in, within the storm."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []
        self.lacked: list[str] = []
        """The requests that asked for what this server lacks."""
        self._lacking: list[tuple[str, str]] = []

    def fail_next(
        self,
        method: str,
        path_glob: str,
        status: int,
        times: int = 1,
        after: bool = False,
        headers: dict[str, str] | None = None,
        message: str | None = None,
    ) -> Fault:
        """Answer the next `times` fitting calls with `status`; with `after` the act is done all the same."""
        fault = Fault(method, path_glob, status, times, after, headers or {}, message)
        self.pending.append(fault)
        return fault

    def drop_next(self, method: str, path_glob: str, times: int = 1, after: bool = False) -> Fault:
        """Cut the connection of the next `times` fitting calls without a word."""
        return self.fail_next(method, path_glob, 0, times, after)

    def lacks(self, method: str, path_glob: str) -> None:
        """This server has no such route, as an older GitHub Enterprise has not: 404, always."""
        self._lacking.append((method, path_glob))

    def clear(self) -> None:
        self.pending.clear()
        self._lacking.clear()

    async def __call__(self, request: web.Request, act: Act) -> web.StreamResponse:
        if any(_fits(request, *route) for route in self._lacking):
            self.lacked.append(f"{request.method} {request.path}")
            return web.json_response(not_found().body(), status=404)
        fault = next((each for each in self.pending if each.fits(request)), None)
        if fault is None:
            return await act(request)
        fault.times -= 1
        if fault.times == 0:
            self.pending.remove(fault)
        if fault.after:
            await act(request)
        if fault.status == 0:
            if request.transport is not None:
                request.transport.abort()
            raise web.HTTPServiceUnavailable
        refusal = Refusal(fault.status, fault.message or _MESSAGES.get(fault.status, "Server Error"))
        return web.json_response(refusal.body(), status=fault.status, headers=fault.headers)


def _fits(request: web.Request, method: str, path_glob: str) -> bool:
    return method in {"*", request.method} and fnmatch.fnmatchcase(request.path, path_glob)
