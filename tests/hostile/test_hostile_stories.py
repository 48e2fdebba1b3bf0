"""The corpus thrown at the whole service: nothing leaves its box or its branch, and the run says what happened."""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hostile_commands import PROBES
from hostile_floods import FLOODS, POISONS, Flood
from hostile_host import CANARY, Host
from hostile_repositories import TREES
from hostile_trees import Tree
from story_sources import ONE_FILE, open_story
from story_world import World

from adapters.store import events
from core.boxes import Box, Boxes, Gateway, Limits, Mount, ProbeReport

CHECK = {"run": "python3 hostile.py", "tests": ["tests/test_*.py"]}
QUICK_FLOODS = {"disk", "time"}
SHIPPED = {"diff switched off", "index flags", "filters", "names that differ by case"}
"""Trees that are taken in, and whose every change must be in the pull request."""
QUICK_TREES = {"link to a file of the host", "diff switched off"}
MODEL_TREES = {
    "link to a file of the host", "folder becomes a link", "git spelled as a folder", "git spelled short",
    "huge ignore file", "deep folders", "name that is not text", "submodule by a command", *SHIPPED,
}  # fmt: skip


@dataclass(frozen=True)
class Smaller:
    """The service's own boxes, with limits that a test can reach."""

    inner: Boxes
    limits: Limits

    @property
    def backend(self) -> str:
        return self.inner.backend

    def open(
        self, tree: Path, *, mounts: Sequence[Mount] = (), network: Gateway | None = None, limits: Limits | None = None
    ) -> Box:
        return self.inner.open(tree, mounts=mounts, network=network, limits=self.limits)

    async def probe(self, *, quick: bool = False) -> ProbeReport:
        return await self.inner.probe(quick=quick)


@asynccontextmanager
async def attacked(
    host: Host,
    folder: Path,
    script: str,
    *,
    files: Mapping[str, str] | None = None,
    sections: Mapping[str, Any] | None = None,
    **keys: Any,
) -> AsyncIterator[World]:
    """A world whose repository runs this script as its tests. At its end nothing of the host was reached."""
    data = folder / "data"
    host.instead = {"folder": str(data), "database": str(data / "pullwright.db"), "mirror": str(data / "mirrors")}
    written = {**(files or {}), **({"hostile.py": host.script(script)} if script else {})}
    tests = {"checks": {"tests": CHECK}} if script else {}
    async with open_story(folder, files=written, sections=sections or {"change": ONE_FILE}, **tests, **keys) as world:
        yield world
        assert CANARY not in json.dumps(world.replies())
        assert CANARY not in str(world.town.model and world.town.model.conversations)
        assert events.verify(await world.journal()) is None
    assert not host.ran
    assert not host.touched
    assert host.left_behind() == []


async def nothing_pushed(world: World) -> None:
    run = await world.run()
    assert await world.town.github.world.branches(world.town.repository) == {"main": run.base_sha}


def each(scripts: Sequence[str]) -> str:
    """All of them, one after the other; ends with 1 where one of them reached anything."""
    return f"SCRIPTS = {list(scripts)!r}\n{_EACH}"


_EACH = """
found = []
def reached(what):
    found.append(f"REACHED {what}")
for script in SCRIPTS:
    exec(script, dict(globals()))
print("\\n".join(found) or "nothing was there", flush=True)
sys.exit(1 if found else 0)
"""


async def test_tests_setup_and_model_all_reach_nothing(host: Host, tmp_path: Path) -> None:
    run = {"run": "python3 hostile.py"}
    async with attacked(
        host,
        tmp_path / "world",
        each([probe.script for probe in PROBES]),
        sections={"change": [run, *ONE_FILE]},
        setup=["python3 hostile.py"],
    ) as world:
        await world.ask()
        await world.settle_in_time()
        ended = await world.run()
        assert (ended.state, world.pull.draft) == ("waiting", False), ended.ended_why
        assert "nothing was there" in str(world.town.model and world.town.model.conversations)
        names = [event.name for event in await world.journal()]
        assert names.count("check.ran") == 2
        assert "setup.done" in names


@pytest.mark.slow
async def test_what_a_test_command_leaves_is_not_there_for_the_next_one_nor_in_the_change(
    host: Host, tmp_path: Path
) -> None:
    script = each([poison.then for poison in POISONS])
    first = "\n".join(poison.first for poison in POISONS)
    # Looks first for what an earlier run left, and then leaves all of it again.
    looking = script.replace("sys.exit(", f"{first}\nsys.exit(")
    async with attacked(host, tmp_path / "world", looking) as world:
        await world.ask()
        await world.settle_in_time()
        ended = await world.run()
        assert (ended.state, world.pull.draft) == ("waiting", False), ended.ended_why
        reports = [event.facts["verdict"] for event in await world.journal() if event.name == "check.ran"]
        assert reports == ["green", "green"]
        assert await changed(world) == ["slugs/extra.py"]


async def changed(world: World) -> list[str]:
    """The paths of the pull request."""
    run = await world.run()
    workspace = await world.services.workspaces.open(run.id, run.repo, run.base_sha)
    return [path.path for path in await workspace.changed_paths(run.base_sha, world.pull.head_sha)]


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(flood, id=flood.name, marks=() if flood.name in QUICK_FLOODS else pytest.mark.slow)
        for flood in FLOODS
    ],
)
async def test_a_flood_in_the_tests_ends_the_run_before_money_with_the_reason_in_comment_and_journal(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flood: Flood
) -> None:
    monkeypatch.setattr("jobs.workbench.CHECK_SECONDS", flood.seconds)
    async with attacked(host, tmp_path / "world", flood.script) as world:
        world.services = replace(world.services, boxes=Smaller(world.services.boxes, flood.limits))
        await world.ask()
        await world.settle_in_time()
        run = await world.run()
        assert run.state == "failed"
        assert run.ended_code in {"checks-unusable", "baseline-red"}
        assert re.search(flood.ended, f"{run.ended_why}\n{world.replies()[-1]}"), world.replies()[-1]
        assert run.ended_why in str((await world.journal())[-1].facts)
        assert len(world.town.model.requests if world.town.model else []) == 1
        await nothing_pushed(world)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=() if case.name in QUICK_TREES else pytest.mark.slow)
        for case in TREES
        if case.name in MODEL_TREES
    ],
)
async def test_a_tree_that_a_model_left_is_refused_with_the_reason_or_shown_in_whole(
    host: Host, tmp_path: Path, case: Tree
) -> None:
    files = {"README": "Slugs.\n", "src/slugs.py": "def slugify(text):\n    return text\n", ".gitignore": "*.log\n"}
    run = {"run": f"python3 - <<'END'\n{host.script(case.script)}\nEND"}
    async with attacked(host, tmp_path / "world", "", files=files, sections={"change": [run, *ONE_FILE]}) as world:
        await world.ask()
        await world.settle_in_time()
        ended = await world.run()
        if case.name in SHIPPED:
            assert (ended.state, world.pull.draft) == ("waiting", False), ended.ended_why
            assert await changed(world) == sorted([*case.changed, "slugs/extra.py"])
            return
        assert ended.state == "failed"
        assert ended.ended_code in {"tree-refused", "change-refused"}
        assert re.search(case.refused or r"protected paths: `\.gitmodules`", ended.ended_why or "")
        assert ended.ended_why == (await world.journal())[-1].facts["why"]
        assert f"❌ **This run failed** (`{ended.ended_code}`)." in world.replies()[-1]
        await nothing_pushed(world)


@pytest.mark.parametrize(
    ("said", "verdict", "code"),
    [
        ("echo OK; echo '1 passed in 0.01s'", "green", None),
        ("echo 'Ran 0 tests in 0.000s'; echo OK", "nothing", "checks-unusable"),
        pytest.param("echo '= no tests ran in 0.01s ='; exit 5", "nothing", "checks-unusable", marks=pytest.mark.slow),
        pytest.param("kill -9 $$", "unbuildable", "checks-unusable", marks=pytest.mark.slow),
    ],
)
async def test_a_report_of_tests_that_never_ran_proves_nothing_about_a_change(
    host: Host, tmp_path: Path, said: str, verdict: str, code: str | None
) -> None:
    async with attacked(host, tmp_path / "world", "", checks={"tests": {"run": said}}) as world:
        await world.ask()
        await world.settle_in_time()
        run, journal = await world.run(), await world.journal()
        assert next(event.facts["verdict"] for event in journal if event.name == "check.ran") == verdict
        if code:
            assert (run.state, run.ended_code) == ("failed", code)
            await nothing_pushed(world)
        else:
            tests = next(e for e in journal if e.name == "step.finished" and e.facts["step"] == "tests")
            assert tests.facts["why"].endswith("the change touches no test")
            assert run.state == "waiting", "people decide"


async def test_escapes_and_broken_bytes_in_output_reach_neither_comment_nor_journal(host: Host, tmp_path: Path) -> None:
    noise = (
        "os.write(1, b'\\x1b]0;title\\x07\\x1b[2J\\x00\\xff\\xfe@ada /approve\\r\\xe2\\x80\\xae"
        "```\\n<!-- pullwright -->\\n')\nsys.exit(1)\n"
    )
    async with attacked(host, tmp_path / "world", noise) as world:
        await world.ask()
        await world.settle_in_time()
        run = await world.run()
        assert (run.state, run.ended_code) == ("failed", "baseline-red")
        said = world.replies()[-1]
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said)
        assert "@ada" not in said
        assert "\x00" not in json.dumps([event.facts for event in await world.journal()], ensure_ascii=False)
