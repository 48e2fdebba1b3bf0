"""Errors are vocabulary: each has a code of its own, a sentence, and what to do."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import adapters
import core
import handlers
import jobs
import policies
import prompts
from core.errors import BotError, Cancelled, Drained, LeaseLost


def _all(kind: type[BotError]) -> Iterator[type[BotError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _all(below)


def _errors() -> list[type[BotError]]:
    for package in (core, policies, prompts, handlers, adapters, jobs):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in module.name and module.name != "jobs.agent.tree_program":
                importlib.import_module(module.name)
    return sorted(set(_all(BotError)), key=lambda kind: f"{kind.__module__}.{kind.__qualname__}")


@pytest.mark.parametrize("kind", _errors(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_and_says_what_to_do(kind: type[BotError]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)
    assert kind.code != "error"
    remedy = kind.remedy(kind.__new__(kind))
    assert remedy.strip().endswith("."), remedy
    assert kind.__doc__


def test_a_code_is_shared_only_along_one_line_of_descent() -> None:
    for kind in _errors():
        for other in _errors():
            if kind.code == other.code:
                assert issubclass(kind, other) or issubclass(other, kind), (kind, other)


@pytest.mark.parametrize("kind", [LeaseLost, Cancelled, Drained])
def test_what_nothing_may_swallow_is_no_exception(kind: type[BaseException]) -> None:
    assert not issubclass(kind, Exception)
