"""A recorded run is walked again: what is the same, and how the first difference is told.

The records are written through the store, as the engine writes them, for workflows whose commands are short.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.artifacts import LocalArtifacts
from adapters.store import Store, effects, events, open_store, runs, steps
from core.digests import digest, step_digest
from core.effects import PostComment, PostReview
from core.names import Epoch, Repo, RunId, Sha, Subject, SubjectKind, WorkerId
from core.records import Record, RecordUnreadable, read, redacted
from core.redaction import Redactor
from core.runs import NewEffect, NewRun, Snapshot
from core.states import Trigger
from jobs.records import record_of
from jobs.replay import Replayed, replay
from policies.schema import effective

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
RUN = RunId("abcdefghijkl")
BASE = Sha("1" * 40)
POLICY = effective(None, None, owner_is_organisation=True)

COUNT = {"id": "count", "run": "ls | wc -l", "capture": {"format": "number"}}
MANY = {"id": "many", "run": 'echo "$N"', "env": {"N": "${{ steps.count.output }}"}}
REVIEW = PostReview(number=7, head=BASE, body="Suggested by a model.")
ONLY_MANY = {**MANY, "when": "${{ steps.count.output > 2 }}"}


@dataclass
class Scribe:
    """Writes down a run, a step at a time."""

    store: Store
    folder: Path
    epoch: Epoch = field(default=Epoch(0))

    async def begin(self, *rows: dict[str, Any], policy: bool = True) -> None:
        text = yaml.safe_dump({"name": "own", "steps": list(rows)}, sort_keys=False)
        new = NewRun(
            id=RUN,
            workflow="own",
            workflow_text=text,
            workflow_digest=digest("workflow", text),
            repo=Repo(id=1, owner="acme", name="widgets", installation_id=1),
            subject=Subject(kind=SubjectKind.issue, number=7),
            base_ref="main",
            base_sha=BASE,
            trigger_key="k",
            requester="rosa",
            source="label",
            snapshot=Snapshot(title="t", body="b", author="rosa", author_association="NONE", taken_at=AT),
            created_at=AT,
        )
        async with self.store.begin() as db:
            await runs.insert(db, new)
            self.epoch = await runs.claim(db, RUN, WorkerId("w"), AT, 60) or Epoch(0)
        if policy:
            value = POLICY.policy.model_dump(mode="json", by_alias=True)
            await self.tell("policy.read", digest=POLICY.digest, source=POLICY.source, policy=value)

    async def tell(self, name: str, **facts: Any) -> None:
        async with self.store.begin() as db:
            await events.append(db, RUN, name=name, actor="pullwright", facts=facts, at=AT)

    async def memo(self, key: str, asked: Any, output: Any) -> None:
        async with self.store.begin() as db:
            await steps.finish(db, RUN, self.epoch, key, asked, output=output, cost=None, now=AT)

    async def ran(self, key: str, script: str, output: str, *, code: int = 0, env: Mapping[str, str] = {}) -> None:
        ended = {"exit_code": code, "timed_out": False, "why": None, "seconds": 0.5, "output": output, "tail": output}
        asked = digest("run", script, dict(env), BASE, False)
        await self.memo(f"{key}/run", asked, {**ended, "output_digest": "0" * 64, "tree": None})

    async def done(self, step: str, output: Any) -> None:
        run = await self.run()
        await self.memo(step, step_digest(workflow=run.workflow_digest, step=step, base=BASE), output)
        await self.tell("step.finished", step=step, why="")

    async def failed(self, step: str, attempt: int, code: str, why: str, evidence: str = "") -> None:
        key = f"{step}/failed:{attempt}"
        await self.memo(key, digest("failed", key), {"code": code, "why": why, "evidence": evidence})
        await self.tell("step.failed", step=step, attempt=attempt)

    async def end(self, trigger: Trigger, why: str, code: str | None = None) -> None:
        async with self.store.begin() as db:
            await runs.end(db, RUN, self.epoch, trigger, why, code, AT)

    async def run(self) -> Any:
        async with self.store.read() as db:
            return await runs.require(db, RUN)

    async def record(self) -> Record:
        async with self.store.read() as db:
            return await record_of(db, LocalArtifacts(self.folder / "artifacts"), RUN)

    async def replayed(self) -> Replayed:
        return await replay(await self.record())


@pytest.fixture
async def scribe(tmp_path: Path) -> AsyncIterator[Scribe]:
    async with open_store(f"sqlite:///{tmp_path}/pullwright.db") as store:
        await store.migrate()
        yield Scribe(store, tmp_path)


async def counted(scribe: Scribe, files: int = 3) -> None:
    await scribe.ran("count", "ls | wc -l", f"{files}\n")
    await scribe.done("count", {"exit_code": 0, "output": files})


async def both(scribe: Scribe) -> None:
    """A run of two commands, the second one because of what the first one printed."""
    await scribe.begin(COUNT, ONLY_MANY)
    await counted(scribe)
    await scribe.ran("many", 'echo "$N"', "3\n", env={"N": "3"})
    await scribe.done("many", {"exit_code": 0, "output": "3"})
    await scribe.end(Trigger.finish, "every step is done")


def altered(record: Record, change: Callable[[dict[str, Any]], None]) -> Record:
    """The record with something in it changed, as somebody with an editor would."""
    whole = json.loads(record.model_dump_json())
    change(whole)
    return Record.model_validate(whole)


def memo(whole: dict[str, Any], key: str) -> dict[str, Any]:
    return next(found for found in whole["steps"] if found["key"] == key)


async def said(record: Record) -> str:
    found = await replay(record)
    return str(found.difference)


# The same --------------------------------------------------------------------------------------------------------


async def test_a_run_that_follows_its_record_is_the_same(scribe):
    await both(scribe)
    found = await scribe.replayed()
    assert (found.difference, found.steps, found.replies, found.commands, found.taken) == (None, 2, 0, 2, ())


async def test_a_skipped_step_is_skipped_again(scribe):
    await scribe.begin(COUNT, ONLY_MANY)
    await counted(scribe, files=1)
    await scribe.done("many", {"skipped": ONLY_MANY["when"]})
    await scribe.end(Trigger.finish, "every step is done")
    assert (await scribe.replayed()).difference is None


async def test_a_step_that_only_the_outside_could_decide_is_taken_and_said_so(scribe):
    await scribe.begin({"id": "sign", "github": {"label": ["seen"]}}, COUNT)
    await scribe.done("sign", {})
    await counted(scribe)
    found = await scribe.replayed()
    assert (found.difference, found.steps, found.taken) == (None, 2, ("sign",))


async def test_a_run_that_is_not_over_is_the_same_as_far_as_it_came(scribe):
    await scribe.begin(COUNT, ONLY_MANY)
    await counted(scribe)
    found = await scribe.replayed()
    assert (found.difference, found.steps, found.taken) == (None, 1, ())


async def test_retries_fail_as_they_failed_and_the_attempt_that_was_good_is_good(scribe):
    await scribe.begin({"id": "flaky", "run": "./flaky", "retry": {"attempts": 3}})
    for attempt, key in enumerate(("flaky", "flaky/try:2"), 1):
        await scribe.ran(key, "./flaky", "no luck\n", code=7)
        await scribe.failed("flaky", attempt, "command-failed", "The command of `flaky` ended with 7.", "no luck\n")
    await scribe.ran("flaky/try:3", "./flaky", "luck\n")
    await scribe.done("flaky", {"exit_code": 0, "output": "luck"})
    await scribe.end(Trigger.finish, "every step is done")
    found = await scribe.replayed()
    assert (found.difference, found.steps, found.commands) == (None, 1, 3)
    worse = altered(await scribe.record(), lambda whole: memo(whole, "flaky/try:2/run")["output"].update(exit_code=9))
    assert await said(worse) == (
        "Attempt 2 at step `flaky` failed with `command-failed` (The command of `flaky` ended with 7.), "
        "and now with `command-failed` (The command of `flaky` ended with 9.)."
    )
    better = altered(await scribe.record(), lambda whole: memo(whole, "flaky/run")["output"].update(exit_code=0))
    assert await said(better) == "Attempt 1 at step `flaky` failed with `command-failed`, and is good now."


async def test_a_mended_step_is_mended_again(scribe):
    broken = {"id": "broken", "run": "./broken", "on_failure": [{"id": "mend", "run": "./mend"}]}
    await scribe.begin(broken)
    await scribe.ran("broken", "./broken", "ow\n", code=1)
    await scribe.failed("broken", 1, "command-failed", "The command of `broken` ended with 1.", "ow")
    await scribe.ran("mend", "./mend", "there\n")
    await scribe.done("mend", {"exit_code": 0, "output": "there"})
    await scribe.ran("broken/try:2", "./broken", "fine\n")
    await scribe.done("broken", {"exit_code": 0, "output": "fine"})
    await scribe.end(Trigger.finish, "every step is done")
    found = await scribe.replayed()
    assert (found.difference, found.steps, found.commands) == (None, 2, 3)


async def test_a_run_that_failed_fails_for_the_same_reason(scribe):
    await scribe.begin(COUNT, ONLY_MANY)
    await scribe.ran("count", "ls | wc -l", "", code=2)
    await scribe.end(Trigger.fail, "The command of `count` ended with 2.", "command-failed")
    assert (await scribe.replayed()).difference is None
    other = altered(await scribe.record(), lambda whole: memo(whole, "count/run")["output"].update(exit_code=3))
    assert await said(other) == (
        "The run failed: The command of `count` ended with 2; "
        "now it ends at step `count` as failed: The command of `count` ended with 3."
    )


async def test_an_end_that_came_from_outside_is_taken(scribe):
    await scribe.begin(COUNT, ONLY_MANY)
    await counted(scribe)
    await scribe.end(Trigger.cancel, "cancelled by @rosa", "cancel")
    found = await scribe.replayed()
    assert (found.difference, found.taken) == (None, ("the end",))


async def suggested(scribe: Scribe, *, code: str = "suggested", posted: bool = True) -> Record:
    """The record of a run about somebody's pull request, which ended at its `ship` with a review."""
    await scribe.begin(COUNT, {"id": "ship", "ship": {"title": "Count"}}, {"id": "ready", "ready": {}})
    await counted(scribe)
    if posted:
        key = f"run:{RUN}:suggest:ship"
        post = NewEffect(key=key, run_id=RUN, repo=(await scribe.run()).repo, act=REVIEW, at=AT)
        async with scribe.store.begin() as db:
            await effects.insert(db, post)
            await effects.acting(db, key, scribe.epoch, AT)
            await effects.done(db, key, {"id": 1})
    await scribe.end(Trigger.finish, "what it would change stands in a review of #7", code)

    def theirs(whole: dict[str, Any]) -> None:
        whole["run"]["snapshot"].update(head=BASE, fork=True)

    return altered(await scribe.record(), theirs)


async def test_a_run_that_ended_with_suggestions_is_the_same_up_to_its_review(scribe):
    found = await replay(await suggested(scribe))
    assert (found.difference, found.steps, found.taken) == (None, 1, ("the end",))


async def test_a_run_that_had_nothing_to_suggest_is_the_same(scribe):
    found = await replay(await suggested(scribe, code="nothing-to-suggest", posted=False))
    assert (found.difference, found.steps, found.taken) == (None, 1, ("the end",))


# The first difference --------------------------------------------------------------------------------------------


async def test_another_workflow_text_is_the_first_difference(scribe):
    await both(scribe)
    other = altered(await scribe.record(), lambda whole: whole["run"].update(workflow_text="name: own\nsteps: []\n"))
    assert await said(other) == "The text of the workflow `own` is not the one that was pinned."


async def test_another_base_commit_is_a_difference_at_the_first_step(scribe):
    await both(scribe)
    other = altered(await scribe.record(), lambda whole: whole["run"].update(base_sha="2" * 40))
    assert await said(other) == "Step `count` was recorded for another workflow or base commit."


async def test_a_memo_that_is_gone_is_asked_for(scribe):
    await both(scribe)
    other = altered(await scribe.record(), lambda whole: whole["steps"].remove(memo(whole, "many/run")))
    assert await said(other) == "Step `many` asks for `many/run`, which the record does not hold."


async def test_a_memo_that_nobody_asks_for_is_named(scribe):
    await both(scribe)
    extra = {"key": "count/extra", "input_hash": "ab" * 32, "state": "done", "output": {"a": 1}}
    other = altered(await scribe.record(), lambda whole: whole["steps"].append(extra))
    assert await said(other) == ("The record of step `count` holds `count/extra`, which is not asked for now.")


async def test_an_answer_to_another_question_is_named_with_both(scribe):
    await both(scribe)
    other = altered(await scribe.record(), lambda whole: memo(whole, "many/run").update(input_hash="ab" * 32))
    asked = digest("run", 'echo "$N"', {"N": "3"}, BASE, False)
    assert await said(other) == (
        f"Step `many` asks for `many/run` with another input: abababababab is recorded, and {asked[:12]} is asked now. "
        "What it runs, or the tree that it looks at, is another."
    )


async def test_a_result_that_was_changed_gives_another_outcome(scribe):
    await both(scribe)
    other = altered(await scribe.record(), lambda whole: memo(whole, "count/run")["output"].update(output="5\n"))
    assert await said(other) == "Step `count` comes to another outcome: `output` is 3 in the record, and 5 now."


async def test_a_condition_that_no_longer_holds_is_a_difference(scribe):
    await both(scribe)

    def fewer(whole: dict[str, Any]) -> None:
        memo(whole, "count/run")["output"]["output"] = "1\n"
        memo(whole, "count")["output"]["output"] = 1

    assert await said(altered(await scribe.record(), fewer)) == (
        "Step `many` was performed, and is skipped now: `${{ steps.count.output > 2 }}`."
    )


async def test_a_condition_that_holds_now_is_a_difference(scribe):
    await scribe.begin(COUNT, ONLY_MANY)
    await counted(scribe)
    await scribe.done("many", {"skipped": ONLY_MANY["when"]})
    assert str((await scribe.replayed()).difference) == (
        "Step `many` was skipped, and is performed now: `${{ steps.count.output > 2 }}`."
    )


async def test_steps_in_another_order_than_the_journals_are_a_difference(scribe):
    await scribe.begin(COUNT, {"id": "sign", "github": {"label": ["seen"]}})
    await scribe.done("sign", {})
    await counted(scribe)
    assert str((await scribe.replayed()).difference) == ("Step `count` is done now where the journal has `sign` done.")


async def test_a_journal_that_was_changed_is_a_difference(scribe):
    await both(scribe)
    other = altered(await scribe.record(), lambda whole: whole["journal"][1]["facts"].update(step="x"))
    assert await said(other) == "Entry 2 of the journal is not what was written."


@pytest.mark.parametrize(("code", "posted"), [("suggested", False), ("nothing-to-suggest", True)])
async def test_suggestions_without_a_review_and_a_review_without_suggestions_are_a_difference(scribe, code, posted):
    assert await said(await suggested(scribe, code=code, posted=posted)) == (
        "The run succeeded: what it would change stands in a review of #7; "
        "the record of step `ship` has nothing of that kind."
    )


async def test_suggestions_about_no_pull_request_of_theirs_are_a_difference(scribe):
    def ours(whole: dict[str, Any]) -> None:
        whole["run"]["snapshot"]["head"] = None

    assert (await said(altered(await suggested(scribe), ours))).endswith("`ship` has nothing of that kind.")


async def test_suggestions_with_every_step_done_are_a_difference(scribe):
    await both(scribe)

    def suggests(whole: dict[str, Any]) -> None:
        whole["run"].update(ended_code="suggested", ended_why="it stands in a review of #7")

    assert await said(altered(await scribe.record(), suggests)) == (
        "The run succeeded: it stands in a review of #7; now every step is done."
    )


async def test_a_run_that_failed_with_every_step_done_is_a_difference(scribe):
    await scribe.begin(COUNT)
    await counted(scribe)
    await scribe.end(Trigger.fail, "Something else.", "x")
    assert str((await scribe.replayed()).difference) == "The run failed: Something else; now every step is done."


async def test_a_policy_that_is_not_recorded_is_missed_where_it_decides(scribe):
    await scribe.begin({**COUNT, "when": "${{ policy.merge == 'bot' }}"}, policy=False)
    await scribe.done("count", {"skipped": "${{ policy.merge == 'bot' }}"})
    assert str((await scribe.replayed()).difference) == (
        "Step `count` asks for the policy, which the record does not hold."
    )


# The file --------------------------------------------------------------------------------------------------------


async def test_a_record_survives_its_file(scribe):
    await both(scribe)
    record = await scribe.record()
    assert read(record.model_dump_json(indent=1), "x.json") == record


async def test_large_outputs_stand_in_the_record(scribe):
    await scribe.begin(COUNT)
    where = await LocalArtifacts(scribe.folder / "artifacts").put(json.dumps({"long": "x" * 10}).encode())
    await scribe.memo("count/run", digest("x"), {"artifact": where})
    assert [step.output for step in (await scribe.record()).steps] == [{"long": "x" * 10}]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Invalid JSON: EOF while parsing a value at line 1 column 0"),
        ('{"pullwright": 2}', "`pullwright`: Input should be 1"),
        ('{"pullwright": 1}', "`run`: Field required"),
    ],
)
def test_a_file_that_is_no_record_is_refused_with_the_reason(text, why):
    with pytest.raises(RecordUnreadable) as refused:
        read(text, "x.json")
    assert str(refused.value) == f"x.json is no record of a run: {why}."


async def test_what_is_redacted_is_named_and_what_rests_on_it_is_not_compared(scribe):
    await scribe.begin(COUNT, {**MANY, "env": {"N": "it is my-own-secret"}})
    await counted(scribe)
    await scribe.ran("many", 'echo "$N"', "it is my-own-secret\n", env={"N": "it is my-own-secret"})
    await scribe.done("many", {"exit_code": 0, "output": "it is my-own-secret"})
    post = NewEffect(
        key=f"run:{RUN}:status",
        run_id=RUN,
        repo=(await scribe.run()).repo,
        act=PostComment(number=7, body="It is my-own-secret, or ghp_0123456789abcdefghijklmnop."),
        at=AT,
    )
    async with scribe.store.begin() as db:
        await effects.insert(db, post)
    bare = redacted(await scribe.record(), Redactor("my-own-secret"))
    assert "my-own-secret" not in bare.model_dump_json()
    assert "ghp_" not in bare.model_dump_json()
    assert bare.redacted == ("run", "steps/many/run", "steps/many", f"effects/run:{RUN}:status")
    found = await replay(bare)
    assert (found.difference, found.steps) == (None, 2)
    assert found.uncompared > 0
    fewer = altered(bare, lambda whole: whole["steps"].remove(memo(whole, "many/run")))
    assert await said(fewer) == "Step `many` asks for `many/run`, which the record does not hold."


async def test_a_workflow_that_cannot_be_read_without_its_secret_is_said_so(scribe):
    await scribe.begin({**MANY, "env": {"N": "my-own-secret"}})
    bare = redacted(await scribe.record(), Redactor("my-own-secret"))
    assert await said(bare) == "The workflow lost a secret when it was exported, and cannot be read without it."
