"""What a workflow does on GitHub and to the tree by itself: once, harmlessly, and only where it may."""

import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina
import yaml
from story_sources import AT_ONCE, source
from story_trust import all_runs, newcomer, quick_world
from story_workflows import begin
from story_world import World

from adapters.store import steps
from bot.demo.github.records import Issue
from core import faults
from core.names import RunId

GREETING = "Thank you."
EVERYTHING = {
    "comment": GREETING,
    "label": ["good first issue", "docs"],
    "unlabel": ["needs triage", "never there"],
    "assign": ["ada"],
    "close": "not_planned",
}


def slow(*values: str) -> Any:
    """A case for the long matrix."""
    return pytest.param(*values, marks=pytest.mark.slow)


class Died(BaseException):
    """The worker is gone: nothing of ours may catch this."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script={}) as opened:
        yield opened


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4, cap=True):
        yield
    faults.disarm()


async def started(
    world: World, *rows: dict[str, Any], title: str = "Slow", body: str = "It is."
) -> tuple[Issue, RunId]:
    """A run of these steps on an issue that waits for triage."""
    issue = await world.requester.open_issue(title, body)
    await world.approver.label(issue.number, "needs triage")
    text = yaml.safe_dump({"name": "own", "steps": list(rows)}, sort_keys=False)
    return issue, await begin(world, text, issue=issue.number)


async def outputs(world: World, run_id: RunId) -> dict[str, Any]:
    async with world.services.store.read() as db:
        return {step.key: step.output for step in await steps.all_(db, run_id) if step.state == "done"}


async def survive(world: World, between: Callable[[], None] = lambda: None) -> int:
    """Let everything happen, with another worker coming for each that dies; how many did."""
    deaths = 0
    while True:
        try:
            await world.settle_in_time()
        except Died:
            deaths += 1
            between()
            await world.another_worker()
            world.clock.leap(61)
        else:
            return deaths


async def why(world: World, step: str) -> str:
    """What the journal says of a step that is done."""
    (told,) = [e.facts for e in await world.journal() if e.name == "step.finished" and e.facts["step"] == step]
    return str(told["why"])


def happened(issue: Issue) -> Counter[str]:
    """How often each thing was done to the issue by us; of our comments, those that greet."""
    ours = [entry for entry in issue.timeline if entry.actor.login == "pullwright[bot]"]
    told = Counter(entry.event for entry in ours if entry.event != "commented")
    return told + Counter(greeted=sum(comment.body.startswith(GREETING) for comment in issue.comments))


ONCE = Counter(labeled=2, unlabeled=1, assigned=1, closed=1, greeted=1)
"""What `EVERYTHING` does, in events on GitHub."""


# On GitHub ------------------------------------------------------------------------------------------------------


async def test_one_step_comments_labels_assigns_and_closes_and_says_what_it_did(world: World) -> None:
    issue, run_id = await started(world, {"id": "answer", "github": EVERYTHING}, {"id": "after", "run": "true"})
    await world.settle_in_time()
    run, found = await world.run(), await outputs(world, run_id)
    assert (run.state, run.ended_why) == ("succeeded", "every step is done"), "our own closing ends no run"
    (comment,) = [comment for comment in world.comments(issue.number) if comment.body.startswith(GREETING)]
    assert found["answer"] == {
        "comment": comment.id,
        "labels": ["good first issue", "docs"],
        "unlabelled": ["needs triage", "never there"],
        "assigned": ["ada"],
        "closed": "not_planned",
        "review": None,
    }
    assert [label.name for label in issue.labels] == ["good first issue", "docs"]
    assert ([person.login for person in issue.assignees], issue.state_reason) == (["ada"], "not_planned")
    assert happened(issue) == ONCE
    assert await why(world, "answer") == (
        "commented; labelled good first issue, docs; took off needs triage, never there; assigned ada; closed it"
    )


async def test_values_stand_in_the_comment_and_the_steps_after_it_may_name_it(world: World) -> None:
    issue, run_id = await started(
        world,
        {"id": "count", "run": "echo 7", "capture": {"format": "number"}},
        {"id": "say", "github": {"comment": "${{ steps.count.output }} files, ${{ subject.author }}."}},
        {"id": "see", "run": 'echo "$ID"', "env": {"ID": "${{ steps.say.comment }}"}},
    )
    await world.settle_in_time()
    (comment,) = [comment for comment in world.comments(issue.number) if comment.body.startswith("7 files, rosa.")]
    assert (await outputs(world, run_id))["see"]["output"] == str(comment.id)


async def test_nothing_in_a_comment_can_act_whoever_wrote_it(world: World) -> None:
    title = "<!-- pullwright 0123456789abcdef0123456789abcdef --> @ada @acme/owners Fixes #1 [skip ci]"
    body = "/approve 0123456789ab\n@pullwright approve\n/cancel\ncloses acme/slugs#1\n![x](https://evil.example/x.png)"
    words = "${{ subject.title }}\n/approve\n${{ subject.body }}\n@everyone"
    issue, _ = await started(world, {"id": "say", "github": {"comment": words}}, title=title, body=body)
    await world.settle_in_time()
    assert (await world.run()).state == "succeeded", "the run took no command from itself"
    (comment,) = [comment for comment in world.comments(issue.number) if "everyone" in comment.body]
    text, _, marker = comment.body.rpartition("\n\n")
    assert text == (
        "＠ada ＠acme/owners Fixes ＃1 ［skip ci］\n／approve\n／approve 0123456789ab\n＠pullwright approve\n／cancel\n"
        "closes acme/slugs＃1\n！[x](https://evil.example/x.png)\n＠everyone"
    )
    assert marker.startswith("<!-- pullwright ")
    assert comment.body.count("<!--") == 1


async def test_a_secret_does_not_get_into_a_comment_not_even_in_another_shape(world: World) -> None:
    body = "ghs_canary0123456789abcdefghijklmnop and https://user:p4ssword!@example.org/x"
    issue, _ = await started(world, {"id": "say", "github": {"comment": "Seen: ${{ subject.body }}"}}, body=body)
    await world.settle_in_time()
    (comment,) = [comment for comment in world.comments(issue.number) if comment.body.startswith("Seen:")]
    assert "canary" not in comment.body
    assert "p4ssword" not in comment.body


async def test_a_comment_with_nothing_in_it_is_not_posted(world: World) -> None:
    issue, run_id = await started(
        world,
        {"id": "quiet", "run": "true"},
        {"id": "say", "github": {"comment": "${{ steps.quiet.output }}\n<!-- hidden -->"}},
    )
    before = len(world.comments(issue.number))
    await world.settle_in_time()
    assert (await outputs(world, run_id))["say"]["comment"] is None
    assert await why(world, "say") == "nothing to say"
    assert len(world.comments(issue.number)) == before + 1, "the run's status alone"


async def test_who_cannot_be_assigned_is_told_and_the_run_goes_on(world: World) -> None:
    newcomer(world, "eve")
    issue, run_id = await started(world, {"id": "give", "github": {"assign": ["eve", "ada"]}})
    await world.settle_in_time()
    assert (await outputs(world, run_id))["give"]["assigned"] == ["ada"]
    assert [person.login for person in issue.assignees] == ["ada"]
    assert await why(world, "give") == "assigned ada; eve cannot be assigned"


async def test_no_labels_at_all_take_none_off(world: World) -> None:
    issue, _ = await started(world, {"id": "none", "github": {"label": [], "comment": GREETING}})
    await world.settle_in_time()
    assert [label.name for label in issue.labels] == ["needs triage"]


async def test_what_github_refuses_fails_the_run_or_is_gone_without(world: World) -> None:
    world.town.github.faults.fail_next("POST", "*/labels", 422, times=2)
    _, run_id = await started(
        world,
        {"id": "may", "github": {"label": ["docs"]}, "continue_on_error": True},
        {"id": "must", "github": {"label": ["docs"]}},
    )
    await world.settle_in_time()
    run = await world.run()
    assert (run.state, run.ended_code) == ("failed", "github-refused")
    assert (await outputs(world, run_id))["may"]["code"] == "github-refused"


async def test_a_step_that_is_tried_again_repeats_nothing_that_it_had_done(world: World) -> None:
    world.town.github.faults.fail_next("POST", "*/assignees", 422)
    issue, _ = await started(
        world, {"id": "answer", "github": EVERYTHING, "retry": {"attempts": 2, "delay": "10s", "jitter": False}}
    )
    await world.settle_in_time()
    assert (await world.run()).state == "succeeded", (await world.run()).ended_why
    assert happened(issue) == ONCE


async def test_a_run_may_take_off_its_own_label_and_close_its_issue_and_starts_nothing_by_what_it_does(
    tmp_path: Path,
) -> None:
    step = {"label": ["pullwright:implement"], "unlabel": ["pullwright:tidy"], "close": "completed"}
    text = yaml.safe_dump(
        {
            "name": "tidy",
            "on": {"label": "pullwright:tidy"},
            "steps": [{"id": "tidy", "github": step}, {"id": "after", "run": "true"}],
        }
    )
    files = {".github/pullwright/workflows/tidy.yml": text}
    async with quick_world(tmp_path, source=source(tmp_path, files), policy=AT_ONCE, script={}) as world:
        issue = await world.requester.open_issue("Slow", "It is.")
        await world.requester.label(issue.number, "pullwright:tidy")
        strike_once(issue, DONE["close"])
        assert await survive(world) == 1, "GitHub tells us of our own doing while the run is not over"
        (run,) = await all_runs(world)
        assert (run.workflow, run.state, run.ended_why) == ("tidy", "succeeded", "every step is done")
        assert [label.name for label in issue.labels] == ["pullwright:implement"]


# Deaths and lost answers ----------------------------------------------------------------------------------------

DONE: dict[str, Callable[[Issue], bool]] = {
    "comment": lambda issue: any(comment.body.startswith(GREETING) for comment in issue.comments),
    "label": lambda issue: len(issue.labels) == 3,
    "unlabel": lambda issue: "needs triage" not in {label.name for label in issue.labels},
    "assign": lambda issue: bool(issue.assignees),
    "close": lambda issue: issue.state == "closed",
}
"""How the issue shows that each part of `EVERYTHING` was just done."""


def strike_once(issue: Issue, done: Callable[[Issue], bool], point: str = "effect.after_act") -> None:
    """Let the worker die the first time that it passes the point with this done."""
    died: list[bool] = []

    def strike() -> None:
        if not died and done(issue):
            died.append(True)
            raise Died

    faults.arm(point, strike)


@pytest.mark.parametrize("part", DONE)
async def test_a_death_between_an_act_and_its_receipt_repeats_nothing(world: World, part: str) -> None:
    issue, run_id = await started(world, {"id": "answer", "github": EVERYTHING})
    strike_once(issue, DONE[part])
    assert await survive(world) == 1
    assert (await world.run()).state == "succeeded", (await world.run()).ended_why
    assert happened(issue) == ONCE
    assert (await outputs(world, run_id))["answer"]["closed"] == "not_planned"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "*/issues/*/labels"),
        ("DELETE", "*/labels/needs triage"),
        ("POST", "*/assignees"),
        ("PATCH", "*/issues/1"),
    ],
)
@pytest.mark.parametrize(
    "lost", ["an error came instead", slow("the connection broke"), slow("it was not taken at all")]
)
async def test_an_answer_that_was_lost_repeats_nothing(world: World, method: str, path: str, lost: str) -> None:
    faulty = world.town.github.faults
    issue, _ = await started(world, {"id": "answer", "github": EVERYTHING})
    assert issue.number == 1
    if lost == "the connection broke":
        faulty.drop_next(method, path, after=True)
    else:
        faulty.fail_next(method, path, 502, after=lost == "an error came instead")
    await world.settle_in_time()
    assert faulty.pending == [], "the fault was met"
    assert (await world.run()).state == "succeeded", (await world.run()).ended_why
    assert happened(issue) == ONCE


async def test_an_issue_that_a_person_opened_again_is_not_closed_a_second_time(world: World) -> None:
    issue, run_id = await started(world, {"id": "end", "github": {"close": "completed"}})
    strike_once(issue, DONE["close"])
    with pytest.raises(Died):
        await world.settle_in_time()
    await world.requester.reopen_issue(issue.number)
    await world.another_worker()
    world.clock.leap(61)
    await world.settle_in_time()
    assert issue.state == "open"
    assert happened(issue)["closed"] == 1
    assert (await outputs(world, run_id))["end"]["closed"] is None
    assert await why(world, "end") == "left it open, as a person opened it again"


async def test_an_issue_that_somebody_else_had_closed_and_opened_before_is_closed(world: World) -> None:
    issue, run_id = await started(world, {"id": "end", "github": {"close": "completed"}})
    await world.requester.close_issue(issue.number)
    await world.requester.reopen_issue(issue.number)
    world.town.github.faults.fail_next("PATCH", "*/issues/1", 502)
    await world.settle_in_time()
    assert (issue.state, happened(issue)["closed"]) == ("closed", 1)
    assert (await outputs(world, run_id))["end"]["closed"] == "completed"


# Into the tree --------------------------------------------------------------------------------------------------


async def test_a_file_is_written_with_its_values_and_the_steps_after_it_find_it(world: World) -> None:
    content = "# ${{ subject.title }}\n\n${{ steps.count.output }} files, {{ not ours }} and $HOME.\n"
    _, run_id = await started(
        world,
        {"id": "count", "run": "echo 7", "capture": {"format": "number"}},
        {"id": "note", "write": {"path": "docs/notes/slow.md", "content": content}},
        {"id": "see", "run": "cat docs/notes/slow.md; stat -c %a docs/notes/slow.md"},
    )
    await world.settle_in_time()
    found = await outputs(world, run_id)
    assert found["see"]["output"] == "# Slow\n\n7 files, {{ not ours }} and $HOME.\n644"
    assert found["note"]["path"] == "docs/notes/slow.md"
    assert found["note"].keys() == {"tree", "path"}
    assert await why(world, "note") == "43 bytes"


async def test_hostile_words_in_a_file_are_its_content_and_nothing_else(world: World) -> None:
    title = '$(touch /tmp/owned-by-a-file) `id` "; ${{ inputs }} {{ 7 * 7 }} ../../x'
    _, run_id = await started(
        world,
        {"id": "note", "write": {"path": "note", "content": "${{ subject.title }}"}},
        {"id": "see", "run": "cat note"},
        title=title,
    )
    await world.settle_in_time()
    assert (await outputs(world, run_id))["see"]["output"] == title
    assert not Path("/tmp/owned-by-a-file").exists()


async def test_what_is_written_twice_is_what_was_written_last_beside_all_else(world: World) -> None:
    _, run_id = await started(
        world,
        {"id": "own", "run": {"script": "echo made > made; echo '#!/bin/sh' > tool; chmod +x tool", "writes": True}},
        {"id": "first", "write": {"path": "note", "content": "one"}},
        {"id": "tool", "write": {"path": "tool", "content": "#!/bin/sh\necho ran\n"}},
        {"id": "second", "write": {"path": "note", "content": "two"}},
        {"id": "see", "run": "cat made note; ./tool"},
    )
    await world.settle_in_time()
    assert (await outputs(world, run_id))["see"]["output"] == "made\ntworan"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../outside", "../outside is not a path within the tree."),
        slow("/etc/cron.d/x", "/etc/cron.d/x is not a path within the tree."),
        slow(".git/config", ".git/config could be taken for a git directory."),
        ("out/passwd", "out/passwd cannot be written: out is a symlink."),
        slow("slugs", "slugs cannot be written: it is a folder."),
    ],
)
async def test_a_path_that_leads_elsewhere_fails_the_run_and_writes_nothing(world: World, path: str, why: str) -> None:
    issue, run_id = await started(
        world,
        {"id": "own", "run": {"script": "ln -s slugs out", "writes": True}},
        {"id": "note", "write": {"path": path, "content": "x"}},
    )
    await world.settle_in_time()
    run = await world.run()
    assert (run.state, run.ended_code, run.ended_why) == ("failed", "tree-refused", why)
    assert "note" not in await outputs(world, run_id)
    assert "(`tree-refused`)" in world.replies(issue.number)[-1]


async def test_half_a_character_of_a_command_is_replaced_before_any_step_sees_it(world: World) -> None:
    _, run_id = await started(
        world,
        {"id": "odd", "run": r"""printf '["\\ud800"]'""", "capture": {"format": "json"}},
        {"id": "note", "write": {"path": "note", "content": "${{ steps.odd.output[0] }}"}},
    )
    await world.settle_in_time()
    assert (await world.run()).state == "succeeded"
    assert (await outputs(world, run_id))["odd"]["output"] == ["\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize("point", [slow("step.after_intent"), "step.before_outcome", slow("store.after_commit")])
async def test_another_machine_goes_on_with_what_was_written(world: World, point: str) -> None:
    issue, run_id = await started(
        world,
        {"id": "note", "write": {"path": "note", "content": "kept\n"}},
        {"id": "tell", "github": {"comment": GREETING}},
        {"id": "see", "run": "cat note"},
    )

    def lose_the_disk() -> None:
        for folder in ("workspaces", "mirrors", "layers"):
            shutil.rmtree(world.services.settings.data_dir / folder, ignore_errors=True)

    strike_once(issue, DONE["comment"], point)
    assert await survive(world, lose_the_disk) == 1
    assert (await outputs(world, run_id))["see"]["output"] == "kept"
    assert happened(issue) == Counter(greeted=1)
