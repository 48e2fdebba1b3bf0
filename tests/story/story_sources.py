"""What stories begin with: the sample repository and its script, with a part of each replaced."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from story_world import SAMPLE, World, open_world

from bot.demo.github.records import Repository

AT_ONCE = {"version": 1, "policy": "team", "merge": "bot", "plan": {"wait": "never"}}
"""An operator's policy under which a plan waits for nobody."""

UNITTEST = {"run": "python3 -m unittest discover -s tests -v", "tests": ["tests/test_*.py"]}


def script(**sections: Sequence[Mapping[str, Any]]) -> str:
    """The sample's script with these sections in place of its own; `tests_repair` stands for `tests/repair`."""
    named = {name.replace("_", "/"): list(turns) for name, turns in sections.items()}
    return yaml.safe_dump({**yaml.safe_load((SAMPLE / "script.yml").read_text()), **named}, sort_keys=False)


def policy(**keys: Any) -> str:
    """A policy file under which the plan waits for nobody, with these keys."""
    return yaml.safe_dump({**AT_ONCE, "checks": {"tests": UNITTEST}, **keys}, sort_keys=False)


def source(folder: Path, files: Mapping[str, str | None] | None = None, **keys: Any) -> Path:
    """The sample repository in a folder of its own, with that policy file and these files; None deletes one."""
    copy = folder / "source"
    shutil.copytree(SAMPLE / "repository", copy)
    for name, text in {".github/pullwright.yml": policy(**keys), **(files or {})}.items():
        path = copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_text(text)
    return copy


ONE_FILE = (
    {"write": {"path": "slugs/extra.py", "content": "X = 1\n"}},
    {"submit": {"title": "add a constant", "kind": "feat", "summary": "Adds it."}},
)
"""The turns of an implementer whose change is small and touches no test."""


@asynccontextmanager
async def open_story(
    folder: Path,
    *,
    files: Mapping[str, str | None] | None = None,
    sections: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    settings: Mapping[str, str] | None = None,
    **keys: Any,
) -> AsyncIterator[World]:
    """A world whose plans wait for nobody, with these files, sections of the script, settings and policy keys."""
    async with open_world(
        folder,
        source=source(folder, files, **keys),
        script=script(**(sections or {})),
        settings=settings,
        policy=AT_ONCE,
    ) as world:
        yield world


async def shared_repository(world: World, files: dict[str, str], *, installed: bool = True) -> Repository:
    """The owner's `.github` repository, with these files; ada may write there."""
    github, source = world.town.github.world, Path(tempfile.mkdtemp(dir=world.services.settings.data_dir))
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    shared = await github.create_repository(world.town.repository.owner.login, ".github", source)
    github.add_collaborator(shared, world.approver.login, "write")
    if installed:
        github.install(world.town.app, shared)
    return shared
