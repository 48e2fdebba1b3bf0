"""Runs that were really done, replayed from their record: what is the same, and which difference is named first."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from story_secrets import logged, open_guarded, printing, secrets_of
from story_sources import AT_ONCE, source
from story_trust import QUICK, change_waits, quick_world
from story_workflows import begin
from story_world import World, open_world

from bot.cli import cli
from core import faults
from core.errors import BotError
from core.records import Record
from jobs.records import record_of
from jobs.replay import Replayed, replay

GATED = ("plan-approved", "ship", "ready", "change-approved", "merge")


async def record(world: World) -> Record:
    run = await world.run()
    async with world.services.store.read() as db:
        return await record_of(db, world.services.artifacts, run.id)


async def replayed(world: World) -> Replayed:
    return await replay(await record(world))


async def pullwright(*arguments: str, **environ: str) -> Any:
    """What the command came to: in a thread, since it has an event loop of its own, and with its own logs."""
    with logged(()):
        return await asyncio.to_thread(CliRunner().invoke, cli, arguments, env=environ)


def altered(record: Record, change: Callable[[dict[str, Any]], None]) -> Record:
    whole = json.loads(record.model_dump_json())
    change(whole)
    return Record.model_validate(whole)


def memo(whole: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(found for found in whole["steps"] if found["key"] == key)
    return found


async def test_a_merged_change_is_the_same_and_every_alteration_is_told(tmp_path: Path) -> None:
    async with quick_world(tmp_path) as world:
        await change_waits(world)
        waiting = await replayed(world)
        await world.approver.approve(world.pull_number)
        await world.settle()
        kept = await record(world)
    assert (waiting.difference, waiting.steps, waiting.taken) == (None, 10, GATED[:3])

    found = await replay(kept)
    assert (found.difference, found.steps, found.replies, found.taken) == (None, 12, 6, GATED)

    def another_reply(whole: dict[str, Any]) -> None:
        memo(whole, "change/turn:1")["output"]["completion"]["message"]["text"] = "I know better."

    def another_verdict(whole: dict[str, Any]) -> None:
        (call,) = memo(whole, "plan/turn:1")["output"]["completion"]["message"]["tool_calls"]
        call["arguments"] = call["arguments"].replace("single hyphens", "two hyphens")

    def no_reply(whole: dict[str, Any]) -> None:
        whole["steps"].remove(memo(whole, "change/turn:2"))

    def no_result(whole: dict[str, Any]) -> None:
        whole["steps"].remove(memo(whole, "change/turn:1/call:1"))

    def another_task(whole: dict[str, Any]) -> None:
        whole["run"]["inputs"] = {"task": "Use underscores."}

    def another_issue(whole: dict[str, Any]) -> None:
        whole["run"]["snapshot"]["body"] += " Please."

    def red(whole: dict[str, Any]) -> None:
        memo(whole, "tests/check:0")["output"].update(verdict="red", failing=["tests.test_text.T.test_x"])

    for change, told in (
        (another_reply, "Step `change` asks for `change/turn:1/call:1` with another input: "),
        (
            another_verdict,
            "Step `plan` comes to another outcome: `form` is {'summary': 'Join words with single hyphens.",
        ),
        (no_reply, "Step `change` asks for `change/turn:2`, which the record does not hold."),
        (no_result, "Step `change` asks for `change/turn:1/call:1`, which the record does not hold."),
        (another_task, "Step `research` asks for `research/turn:1` with another input: "),
        (another_issue, "Step `triage` asks for `triage/turn:1` with another input: "),
        (red, "Step `tests` asks for `tests/repair:1/diff`, which the record does not hold."),
    ):
        assert str((await replay(altered(kept, change))).difference).startswith(told), change.__name__


@pytest.mark.slow
async def test_a_run_that_waits_under_a_changed_policy_is_decided_by_what_was_in_force_at_each_step(
    tmp_path: Path,
) -> None:
    async with quick_world(tmp_path) as world:
        await change_waits(world)
        kept = await record(world)
    read = [entry for entry in kept.journal if entry.name == "policy.read"]
    assert [entry.facts["source"] for entry in read] == ["`.github/pullwright.yml`, starting from `team`"]
    assert read[0].facts["policy"]["merge"] == "bot"

    def other(whole: dict[str, Any]) -> None:
        facts = next(entry["facts"] for entry in whole["journal"] if entry["name"] == "policy.read")
        facts["policy"]["protected"] = ["slugs/**"]
        whole["redacted"] = ["journal/99"]  # whoever changes the journal cannot keep its hashes

    assert str((await replay(altered(kept, other))).difference).startswith("Step `plan` asks for `plan/turn:1` with")


@pytest.mark.parametrize(
    "point",
    [
        "memo.before_keep",
        pytest.param("agent.after_call", marks=pytest.mark.slow),
        pytest.param("step.before_outcome", marks=pytest.mark.slow),
    ],
)
async def test_a_run_that_survived_deaths_is_the_same(tmp_path: Path, point: str) -> None:
    class Died(BaseException):
        """The worker is gone."""

    left = [True]

    def strike() -> None:
        if left:
            left.pop()
            raise Died

    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as world:
        faults.arm(point, strike)
        try:
            await world.ask()
            with pytest.raises(Died):
                await world.settle()
            world.clock.leap(120)
            await world.another_worker()
            await world.settle()
        finally:
            faults.disarm()
        found = await replayed(world)
    assert (found.difference, found.steps) == (None, 10)


async def test_an_issue_that_is_not_for_work_ends_the_same(tmp_path: Path) -> None:
    verdict = {"verdict": "declined", "kind": "question", "summary": "No.", "why": "It is no bug."}
    async with quick_world(tmp_path, script={**QUICK, "triage": [{"submit": verdict}]}) as world:
        await world.ask()
        await world.settle()
        kept = await record(world)
    assert kept.run.ended_code == "declined"
    assert (await replay(kept)).difference is None

    def actionable(whole: dict[str, Any]) -> None:
        (call,) = memo(whole, "triage/turn:1")["output"]["completion"]["message"]["tool_calls"]
        call["arguments"] = call["arguments"].replace("declined", "actionable")

    assert (await replay(altered(kept, actionable))).difference is not None


async def test_repairs_retries_goals_and_what_mends_are_the_same(tmp_path: Path) -> None:
    judge = 'n=$(wc -l < points.txt); echo "{\\"score\\": $((n * 50)), \\"gaps\\": [\\"more\\"]}"'
    submit = {"title": "go on", "kind": "feat", "summary": "Went on."}
    turns = {
        f"grow/goal:{n}": [{"write": {"path": "points.txt", "content": "1\n" * n}}, {"submit": submit}] for n in (1, 2)
    }
    broken = 'raise SystemExit("broken")\n'
    script: dict[str, Any] = {
        "break": [{"write": {"path": "tests/test_new.py", "content": broken}}, {"submit": submit}],
        "tests/repair:1": [{"write": {"path": "tests/test_new.py", "content": "OK = 1\n"}}, {"submit": submit}],
        **turns,
    }
    rows = [
        {"id": "baseline", "check": {"uses": "tests"}, "expect": "any"},
        {"id": "break", "agent": {"role": "implementer", "task": "Break it."}},
        {"id": "tests", "check": {"uses": "tests"}, "repair": {"role": "implementer"}},
        {
            "id": "mended",
            "run": "test -e made.txt",
            "on_failure": [{"id": "make", "run": {"script": "echo x > made.txt", "writes": True}}],
        },
        {"id": "may-fail", "run": "exit 3", "continue_on_error": True, "retry": {"attempts": 2, "delay": 1}},
        {"id": "grow", "agent": {"role": "implementer", "task": "Grow."}, "goal": {"run": judge, "attempts": 3}},
        {"id": "never", "run": "exit 1", "when": "${{ steps.grow.attempts > 2 }}"},
    ]
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=script) as world:
        await begin(world, yaml.safe_dump({"name": "own", "steps": rows}, sort_keys=False))
        await world.settle_in_time()
        kept = await record(world)
    assert kept.run.state == "succeeded", kept.run.ended_why
    found = await replay(kept)
    assert (found.difference, found.steps, found.replies, found.taken) == (None, 8, 8, ())


async def test_a_run_leaves_in_one_file_and_replays_where_nothing_else_is(tmp_path: Path) -> None:
    async with open_world(tmp_path / "here") as world:
        await change_waits(world)
        run = await world.run()
        out = tmp_path / "run.json"
        ended = await pullwright("runs", "export", run.id, "--out", str(out), **world.town.environ)
        assert ended.exit_code == 0, ended.output
        again = await pullwright("runs", "export", run.id, "--out", str(out), **world.town.environ)
        assert str(again.exception) == f"{out} is there already."
    assert out.stat().st_mode & 0o777 == 0o600

    elsewhere = {"PULLWRIGHT_DATA_DIR": str(tmp_path / "elsewhere")}
    same = await pullwright("runs", "replay", str(out), **elsewhere)
    assert same.output.splitlines() == [
        "The run is what its record says: 10 steps, 16 replies, 18 commands.",
        "Taken from the record: plan-approved, ship, ready.",
    ]
    assert not (tmp_path / "elsewhere").exists()

    whole = json.loads(out.read_text())
    memo(whole, "change/turn:1")["output"]["completion"]["message"]["text"] = "Another word."
    out.write_text(json.dumps(whole))
    other = await pullwright("runs", "replay", str(out), "--json", **elsewhere)
    told = json.loads(other.stdout)
    assert (told["same"], told["difference"]["step"], told["difference"]["key"]) == (
        False,
        "change",
        "change/turn:1/call:1",
    )
    assert isinstance(other.exception, BotError)
    assert str(other.exception).startswith(f"Run {run.id} is not what its record says. Step `change` asks for")


@pytest.mark.slow
async def test_no_secret_leaves_in_an_export(tmp_path: Path) -> None:
    async with open_guarded(tmp_path, files=printing()) as (world, _):
        await world.ask("The key is ghp_C4naryOfGitHub0123456789abcdefghijkl, please keep it.")
        await world.settle()
        run, out = await world.run(), tmp_path / "run.json"
        arguments = ("runs", "export", run.id, "--out", str(out), "--json")
        ended = await pullwright(*arguments, **world.town.environ)
        told, secrets = json.loads(ended.stdout), secrets_of(world)
        assert (await replayed(world)).difference is None
    text = out.read_text()
    assert [secret for secret in (*secrets, "C4naryOfGitHub0123456789abcdefghijkl") if secret in text] == []
    assert "run" in told["redacted"]
    found = await replay(Record.model_validate_json(text))
    assert found.difference is None
    assert found.uncompared > 0
