"""A model that was told to do harm, in everything that the bot ever writes: nothing of it is live anywhere.

One world in which the agents put every poison into every field that they fill; then every body that the stand-in got,
every commit and every branch is judged. What is written is read from the code: a new way of writing that this story
does not come by fails the test, and so does a new field of words that no poison reached.
"""

import typing
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from hostile_words import (
    BESIDE,
    CANARY,
    LINES,
    OUTPUT,
    WORDS,
    change,
    opinion,
    plan,
    research,
    said,
    sections,
    triage,
)
from story_sources import AT_ONCE, source
from story_trust import NEW, OLD, PATH
from story_world import World, open_world
from strict_judge import Kind, Ours, live
from written import PUSH, Written, commits, ways

from adapters.store import tables
from bot.demo.github import git
from bot.demo.github.acts import reviews
from bot.demo.github.people import OtherApp
from bot.demo.github.records import Issue
from core.effects import WORDS as WORDED
from core.effects import Act, Annotation
from core.github import LineComment
from core.markers import marker
from jobs import boards

BETTER = 'return "-".join(re.findall("[a-z0-9]+", title.lower()))'
TEST = f"import unittest\n\n\nclass Odd(unittest.TestCase):\n    def test_odd(self):\n        print({OUTPUT!a})\n"
THINKS = {
    "id": "think",
    "agent": {"role": "investigator", "task": "Say it.", "output": {"answer": "string"}, "writes": False},
}
ANSWER = "${{ steps.think.answer }}"
ENDING = ({"id": "ready", "ready": {"request_review": "requester"}}, {"id": "ok", "gate": {"binds": "change"}})
OWN: Mapping[str, Any] = {
    "asks": [
        THINKS,
        {"id": "question", "ask": {"question": ANSWER}},
        {
            "id": "act",
            "github": {
                "comment": ANSWER,
                "label": ["odd"],
                "unlabel": ["needs triage"],
                "assign": ["ada"],
                "close": "not_planned",
            },
        },
    ],
    "queued": [
        THINKS,
        {"id": "note", "run": {"script": "printf 'a\\000b' > note.bin", "writes": True}},
        {"id": "tests", "check": {"uses": "tests"}},
        {"id": "ship", "ship": {"title": ANSWER, "summary": ANSWER}},
        *ENDING,
        {"id": "merge", "merge": {"method": "squash"}},
    ],
    "breaks": [{"id": "boom", "run": "python3 odd.py; exit 1"}],
    "unsure": [{"id": "unsure", "uses": "triage"}],
    "twice": [{"id": "twice", "uses": "triage"}],
    "declines": [{"id": "declines", "uses": "triage"}],
}
"""Workflows of the repository's own, each started by a command of its name."""
SCRIPT = sections(
    triage=[triage("actionable")],
    unsure=[triage("needs-info")],
    twice=[triage("duplicate")],
    declines=[triage("declined")],
    research=[research()],
    plan=[plan(PATH)],
    change=[
        {"edit": {"path": PATH, "old": OLD, "new": NEW}},
        {"write": {"path": BESIDE, "content": "x\n"}},
        {"write": {"path": "tests/test_odd.py", "content": f"{TEST}        self.fail({OUTPUT!a})\n"}},
        change(),
    ],
    tests_repair=[{"write": {"path": "tests/test_odd.py", "content": TEST}}, change()],
    change_2=[{"edit": {"path": PATH, "old": NEW, "new": BETTER}}, change(1)],
    review=[opinion(PATH, 8)],
    think=[said("answer")],
)
Judged = Kind | frozenset[str] | None
REACTIONS = frozenset({"eyes", "rocket", "+1", "confused"})
CHECK: Mapping[str, Judged] = {
    "name": frozenset(f"pullwright/{name}" for name in ("tests", "policy", "review", "approval", "config")),
    "head_sha": None,
    "external_id": None,
    "status": None,
    "conclusion": None,
    "output.title": "plain",
    "output.summary": "markdown",
    "output.text": "markdown",
    "output.annotations[].path": None,
    "output.annotations[].annotation_level": None,
    "output.annotations[].title": "plain",
    "output.annotations[].message": "plain",
    "actions[].label": "plain",
    "actions[].description": "plain",
    "actions[].identifier": None,
}
EDITED = "PATCH /issues/comments/{id}"
FIELDS: Mapping[str, Mapping[str, Judged]] = {
    "POST /issues/{number}/comments": {"body": "markdown"},
    EDITED: {"body": "markdown"},
    "POST /issues/{number}/reactions": {"content": REACTIONS},
    "POST /issues/comments/{id}/reactions": {"content": REACTIONS},
    "POST /issues/{number}/labels": {"labels[]": frozenset({"odd"})},
    "DELETE /issues/{number}/labels/{label}": {},
    "POST /issues/{number}/assignees": {"assignees[]": frozenset({"ada"})},
    "PATCH /issues/{number}": {
        "body": "markdown",
        "state": frozenset({"closed", "open"}),
        "state_reason": frozenset({"not_planned"}),
    },
    "POST /pulls": {"title": "plain", "body": "pull", "head": None, "base": frozenset({"main"})},
    "PATCH /pulls/{number}": {"body": "pull"},
    "POST /pulls/{number}/requested_reviewers": {"reviewers[]": frozenset({"rosa", "ada"})},
    "POST /pulls/{number}/reviews": {
        "body": "markdown",
        "commit_id": None,
        "event": frozenset({"COMMENT"}),
        "comments[].body": "markdown",
        "comments[].path": None,
        "comments[].side": None,
    },
    "POST /pulls/{number}/comments/{id}/replies": {"body": "markdown"},
    "PUT /pulls/{number}/merge": {
        "sha": None,
        "merge_method": None,
        "commit_title": "plain",
        "commit_message": "commit",
    },
    "markPullRequestReadyForReview": {"id": None},
    "enqueuePullRequest": {"id": None, "head": None},
    "POST /issues": {"title": "plain", "body": "markdown"},
    "pinIssue": {"id": None},
    "POST /git/blobs": {"content": None, "encoding": None},
    "POST /git/trees": {
        "base_tree": None,
        **{f"tree[].{part}": None for part in ("path", "mode", "type", "sha", "content")},
    },
    "POST /git/commits": {"message": "commit", "tree": None, "parents[]": None},
    "POST /check-runs": CHECK,
    "PATCH /check-runs/{id}": CHECK,
}
"""How each field that is sent is judged: as words of this kind, or as one of these values; None where it is neither."""
NO_WORDS_OF_MODELS = {("check", "title"), ("issue", "title"), ("issue", "body")}
"""Fields that people read and no agent ever fills."""


def kinds() -> dict[str, set[str]]:
    """Every kind of effect, with the fields of it that people read."""
    union = typing.get_args(Act)[0]
    found: dict[str, set[str]] = {}
    for one in typing.get_args(union):
        words = {name for name in one.model_fields if name in WORDED or name == "message"}
        for name, part in one.model_fields.items():
            inner = next((kind for kind in typing.get_args(part.annotation) if kind in {Annotation, LineComment}), None)
            if inner is not None:
                words.add(f"{name}.{'message' if inner is Annotation else 'body'}")
        found[one.model_fields["kind"].default] = words
    return found


class Story:
    """One world, from the first label to the last answer."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.written = Written("pullwright[bot]", world.town.repository)
        world.town.github.middlewares.append(self.written)

    async def says(self, issue: int, words: str) -> None:
        await self.world.approver.comment(issue, words)
        await self.world.settle_in_time()

    async def asks(self, how: str, *, settle: bool = True) -> int:
        """An issue whose own words are hostile too, and what somebody who may asks for there, by command or label."""
        issue = (await self.world.requester.open_issue(LINES[1][:200], WORDS)).number
        if how.startswith("/"):
            await self.world.requester.comment(issue, how)
        await self.world.requester.label(issue, "needs triage" if how.startswith("/") else how)
        if settle:
            await self.world.settle_in_time()
        return issue

    async def is_waiting(self, what: str) -> None:
        run = await self.world.run()
        assert run.waiting is not None, f"{run.state}: {run.ended_why}"
        assert run.waiting.what == what

    @property
    def newest(self) -> Issue:
        return self.world.town.github.world.pulls(self.world.town.repository)[-1]

    async def yes(self) -> None:
        await self.says(self.newest.number, f"/approve {await self.world.digest()}")


async def implemented(story: Story) -> None:
    """The main job: a plan that is revised and ticked, a change that is mended, sent back, explained and merged."""
    world = story.world
    issue = await story.asks("pullwright:implement")
    await story.is_waiting("approval")
    for words in ("/why", "/dry-run implement", f"/hold {LINES[2]}", "/status", "/unhold"):
        await story.says(issue, words)
    await story.says(issue, f"/revise {LINES[0]}")
    asked = [one for one in world.comments(issue) if "- [ ] Approve `" in one.body][-1]
    box = f"- [ ] Approve `{await world.digest()}`"
    assert asked.body.count(box) == 1, "a plan with characters that no database holds keeps its digest"
    await world.approver.edit_comment(asked.id, asked.body.replace(box, box.replace("[ ]", "[x]")))
    await world.settle_in_time()
    await story.is_waiting("approval")
    github, pull = world.town.github.world, story.newest
    wanted = {"event": "REQUEST_CHANGES", "body": "Almost.", "comments": [{"path": PATH, "line": 8, "body": "Words."}]}
    await reviews.review(github, world.approver.actor, world.town.repository, pull, wanted)
    await world.settle_in_time()
    await story.is_waiting("approval")
    await story.says(pull.number, "/why")
    await story.yes()
    run = await world.run()
    assert (run.state, run.ended_why) == ("succeeded", f"#{pull.number} is merged"), run.ended_why


async def answered(story: Story) -> None:
    """Workflows that only say something, to an issue or of somebody's pull request; and those that end early."""
    world = story.world
    for command in ("/triage", "/research", "/plan", "/unsure", "/twice", "/declines", "/breaks"):
        await story.asks(command, settle=False)
    issue = await story.asks("/asks")
    await story.is_waiting("answer")
    await story.says(issue, f"/answer {LINES[0]}")
    assert (await world.run()).state == "succeeded", (await world.run()).ended_why
    await story.says(issue, "/undo")
    await world.approver.push("idea", {PATH: "A = 1\n" * 9}, "feat: idea")
    pull = (await world.approver.open_pull("idea", "main", LINES[0], WORDS)).number
    for words in (f"/cancel {LINES[0]}", f"/dry-run {LINES[1]}", f"/approve {LINES[2]}"):
        await world.approver.comment(issue, words)
    await story.says(pull, "/review")


async def queued(story: Story) -> None:
    """A change that its own workflow calls by the words of an agent, and that a merge queue merges; and the board."""
    world, github, repository = story.world, story.world.town.github.world, story.world.town.repository
    for kind in ("merge_queue", "required_signatures"):
        github.rule(repository, "main", kind)
    github.rule(repository, "main", "required_status_checks", required_status_checks=[{"context": "build"}])
    issue = await story.asks("/queued")
    await story.is_waiting("approval")
    await story.says(issue, "/pin-status")
    await boards.refresh(world.services)
    other = OtherApp(github, "acme-ci", repository)
    await other.check(github.pull(repository, story.newest.number)[1].head_sha, "build", "success")
    await story.yes()
    (entry,) = world.town.repository.queue
    await other.check(entry.group_sha, "build", "success")
    await world.settle_in_time()
    assert (await world.run()).state == "succeeded", (await world.run()).ended_why


@pytest.mark.slow
async def test_nothing_that_a_hostile_model_wrote_is_live_in_anything_that_the_bot_ever_sends(tmp_path: Path) -> None:
    files = {
        f".github/pullwright/workflows/{name}.yml": yaml.safe_dump(
            {"name": name, "on": {"command": name}, "steps": steps}
        )
        for name, steps in OWN.items()
    }
    files |= {
        "odd.py": f"print({OUTPUT!a})\n",
        ".github/pull_request_template.md": f"# What\n\n# {LINES[0]}\n\n{WORDS}",
    }
    async with open_world(
        tmp_path,
        source=source(tmp_path, files, plan={"wait": "always"}, commits="auto"),
        script=yaml.safe_dump(SCRIPT, sort_keys=False),
        policy={**AT_ONCE, "commits": "plain"},
    ) as world:
        story, repository = Story(world), world.town.repository
        began = set(await commits(repository, set()))
        await implemented(story)
        await answered(story)
        await queued(story)
        written = story.written
        assert written.strange == []
        assert ways() - {way for way, _ in written.sent} == set(), "ways of writing that this story does not come by"
        assert set(FIELDS) | {PUSH} == ways(), "ways of writing that nobody says how to judge"
        ours = await of_ours(world)
        assert [*judged(written, ours)] == []
        await unreached(world, written)
        heads = {name for name in written.branches if name.startswith("refs/heads/pullwright/")}
        assert heads
        for name in heads:
            assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789/-"), name
        for sha, message in (await commits(repository, began)).items():
            await is_a_harmless_commit(repository, sha, message, ours)


async def of_ours(world: World) -> Ours:
    """What code wrote in this story."""
    async with world.services.store.read() as db:
        keys = [row[0] for row in await db.execute(sa.select(tables.effects.c.key))]
    numbers = world.town.repository.issues
    return Ours(
        people=frozenset({"ada", "rosa", "pullwright"}),
        markers=frozenset(marker(key) for key in keys),
        closes=frozenset(f"Fixes #{number}" for number in numbers),
    )


def judged(written: Written, ours: Ours) -> typing.Iterator[tuple[str, str, list[str], str]]:
    """Every text that was sent and in which something is live, with what."""
    for way, field, text in written.texts():
        assert field in FIELDS[way], f"nobody says how to judge {field} of {way}"
        kind = FIELDS[way][field]
        if isinstance(kind, frozenset):
            assert text in kind, (way, field, text)
        elif kind is not None:
            trailers = (
                tuple(row for row in text.split("\n") if row.startswith("Pullwright-")) if kind == "commit" else ()
            )
            if found := live(text, kind, replace(ours, trailers=trailers[-2:])):
                yield way, field, found, text


async def unreached(world: World, written: Written) -> None:
    """Fails where a kind of effect was never done, or a field of it that people read never held a model's words."""
    async with world.services.store.read() as db:
        acts = [dict(row[0]) for row in await db.execute(sa.select(tables.effects.c.act))]
    assert set(kinds()) - {act["kind"] for act in acts} == set()
    reached = set()
    for act in acts:
        for name, value in act.items():
            for text in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
                inner = text.items() if isinstance(text, dict) else [("", text)]
                reached |= {(act["kind"], f"{name}.{key}".rstrip(".")) for key, one in inner if CANARY in str(one)}
    if any(way == EDITED and text.startswith("**") and CANARY in text for way, _, text in written.texts()):
        reached.add(("status", "body"))  # the outbox holds how it began; what it says later goes beside it
    wanted = {(kind, field) for kind, fields in kinds().items() for field in fields}
    assert wanted - reached == NO_WORDS_OF_MODELS


async def is_a_harmless_commit(repository: Any, sha: str, message: str, ours: Ours) -> None:
    author = await git.text(repository.path, "log", "-1", "--format=%an", sha)
    if author.strip() in {"ada", "rosa"}:
        return
    parsed = await git.run(repository.path, "interpret-trailers", "--no-divider", "--parse", stdin=message.encode())
    trailers = tuple(parsed[1].decode().strip().splitlines())
    by_queue = "\n" not in message.strip()  # which calls what it merges as the pull request is called
    written = () if by_queue else ("Pullwright-Run", "Pullwright-Workflow")
    assert tuple(one.partition(":")[0] for one in trailers) == written, message
    found = live(message, "commit", replace(ours, trailers=trailers))
    assert found == [], message
