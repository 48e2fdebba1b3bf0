"""Whatever goes wrong ends in the right state, with one comment that says what happened and what to do."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import stamina
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from story_sources import AT_ONCE, ONE_FILE, open_story
from story_trust import plan_waits
from story_world import World

from adapters.store import deliveries, tables

OPERATOR = "The operator should check PULLWRIGHT_MODEL, its key and its address, then comment `/retry`."
TOOLS = "Comment `/retry`; if it happens again, choose a model that is good at calling tools."
RED = """import unittest


class Old(unittest.TestCase):
    def test_old(self):
        self.fail("it always did")
"""


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    """What is tried again is tried again at once."""
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


async def _told(world: World) -> str:
    """What the bot said at the end, where it said nothing else but its status and its plan."""
    said = [reply for reply in world.replies() if not reply.startswith(("**", "### Plan"))]
    assert len(said) == 1, said
    return said[0]


async def _failed(world: World, code: str) -> str:
    """The one comment of a run that failed with this code, its status and reaction being right too."""
    run = await world.run()
    assert (run.state, run.ended_code) == ("failed", code), run.ended_why
    assert world.replies()[0].startswith("**❌ Failed**")
    assert await world.town.github.world.branches(world.town.repository) == {"main": run.base_sha}, "nothing was pushed"
    assert world.town.github.world.pulls(world.town.repository) == []
    said = await _told(world)
    head = f"❌ **This run failed** (`{code}`). "
    assert said.startswith(head)
    return said.removeprefix(head)


# The model


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"MODEL": ""}, "No model is chosen: set PULLWRIGHT_MODEL, such as `anthropic/…` or `openai/…`."),
        (
            {"MODEL_API_KEY": ""},
            "There is no key for the service of the model `openai/scripted`: set PULLWRIGHT_MODEL_API_KEY.",
        ),
        (
            {"MODEL_API_KEY": "sk-of-somebody-else"},
            "The key is refused by the service of the model `openai/scripted` (401).",
        ),
        ({"MODEL": "openai/unheard-of"}, "The model `openai/unheard-of` is not known to its service (404)."),
        (
            {"MODEL": "unheard-of"},
            "There is no provider for the model `unheard-of`: its name must begin with one, as in `openai/…`.",
        ),
        (
            {"MODEL_API_BASE": "http://127.0.0.1:9/v1"},
            "Cannot reach the service of the model `openai/scripted`.",
        ),
    ],
)
async def test_a_model_that_cannot_be_asked_fails_the_run_with_what_the_operator_must_set(
    tmp_path: Path, settings: Mapping[str, str], sentence: str
) -> None:
    named = {f"PULLWRIGHT_{name}": value for name, value in settings.items()}
    async with open_story(tmp_path, settings=named) as world:
        await world.ask()
        await world.settle_in_time(rounds=25, seconds=601)
        assert await _failed(world, "model-unavailable") == f"{sentence}\n\n{OPERATOR}"
        assert all("sk-of-somebody-else" not in reply for reply in world.replies())


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        ({"say": "I think that…"}, "it called no tool"),
        ({"broken_call": '{"verdict": '}, "arguments are not JSON"),
        ({"broken_call": {"tool": "deploy", "arguments": "{}"}}, "unknown tool"),
        ({"submit": {"verdict": "perhaps"}}, "arguments do not fit the form"),
    ],
)
async def test_a_model_that_never_keeps_to_the_form_is_given_up_after_three_replies(
    tmp_path: Path, turn: Mapping[str, Any], said: str
) -> None:
    async with open_story(tmp_path, sections={"triage": [turn] * 9}) as world:
        await world.ask()
        await world.settle_in_time()
        sentence = "The model gave 3 replies in a row that are not in the form it was asked for (the last one: {})."
        assert await _failed(world, "model-confused") == f"{sentence.format(said)}\n\n{TOOLS}"
        assert len(world.town.model.requests) == 3


async def test_a_reply_that_is_no_completion_is_shown_and_fails_the_run(tmp_path: Path) -> None:
    async with open_story(tmp_path, sections={"triage": [{"garbage": "<html>@ada, hello</html>"}]}) as world:
        await world.ask()
        await world.settle_in_time()
        said = await _failed(world, "model-confused")
        assert said.startswith(
            f"The model `openai/scripted` gives replies that are not chat completions.\n\n{TOOLS}\n\n<details>"
        )
        assert "<html>＠ada, hello</html>" in said


async def test_a_model_that_is_away_for_a_while_is_asked_again_and_the_run_goes_on(tmp_path: Path) -> None:
    async with open_story(tmp_path) as world:
        world.town.model.outage += [500] * 9
        await world.ask()
        await world.settle_in_time()
        run = await world.run()
        assert (run.state, world.pull.draft) == ("waiting", False), run.ended_why
        postponed = [event.facts["why"] for event in await world.journal() if event.name == "run.postponed"]
        assert postponed == ["An error of the service of the model `openai/scripted` (500)."] * 2


# GitHub


@pytest.fixture(scope="session")
def strange_key() -> rsa.RSAPrivateKey:
    """A private key that is not the App's."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.mark.parametrize("wrong", ["PULLWRIGHT_APP_ID", pytest.param("PULLWRIGHT_PRIVATE_KEY", marks=pytest.mark.slow)])
async def test_deliveries_wait_while_the_app_is_not_believed_and_go_on_once_it_is(
    tmp_path: Path, strange_key: rsa.RSAPrivateKey, wrong: str
) -> None:
    value = {"PULLWRIGHT_APP_ID": "424242", "PULLWRIGHT_PRIVATE_KEY": _pem(strange_key)}[wrong]
    async with open_story(tmp_path) as world:
        right = world.town.environ[wrong]
        await world.another_worker(environ={wrong: value})
        await world.ask()
        await world.settle()
        async with world.services.store.read() as db:
            counts = await deliveries.counts(db)
        assert counts["pending"] >= 2
        assert world.replies() == []

        await world.another_worker(environ={wrong: right})
        await world.settle_in_time()
        assert (await world.run()).state == "waiting"
        assert not world.pull.draft


async def test_the_end_of_a_run_is_said_as_soon_as_the_app_is_believed_again(
    tmp_path: Path, strange_key: rsa.RSAPrivateKey
) -> None:
    async with open_story(tmp_path) as world:
        world.town.model.outage += [500] * 4
        await world.ask()
        await world.settle()
        assert (await world.run()).state == "queued"

        right = world.town.environ["PULLWRIGHT_PRIVATE_KEY"]
        await world.another_worker(environ={"PULLWRIGHT_PRIVATE_KEY": _pem(strange_key)})
        world.clock.leap(61)
        await world.settle()
        run = await world.run()
        assert (run.state, run.ended_code) == ("failed", "app-refused")
        assert not [reply for reply in world.replies() if reply.startswith("❌")]

        await world.another_worker(environ={"PULLWRIGHT_PRIVATE_KEY": right})
        world.clock.leap(3600)
        await world.settle_in_time()
        assert (await _failed(world, "app-refused")).endswith(
            "The operator should check PULLWRIGHT_APP_ID and the private key with `pullwright doctor`."
        )


async def test_a_push_that_github_refuses_is_said_with_githubs_reason(tmp_path: Path) -> None:
    async with open_story(tmp_path, sections={"change": ONE_FILE}) as world:
        world.town.repository.refuse_pushes = "Commits must have verified signatures."
        await world.ask()
        await world.settle_in_time()
        said = await _failed(world, "push-refused")
        assert "Commits must have verified signatures." in said
        assert said.endswith(
            "Let the App push branches named `pullwright/**` (branch protection, rulesets), then comment `/retry`."
        )


@pytest.mark.slow
async def test_a_protected_branch_pattern_is_named_as_the_reason(tmp_path: Path) -> None:
    async with open_story(tmp_path, sections={"change": ONE_FILE}, plan={"wait": "always"}) as world:
        issue = await world.ask()
        await world.settle()
        run = await world.run()
        slug = "slugify-leaves-hyphens-at-the-en"
        world.town.github.world.protect(world.town.repository, f"pullwright/{issue}-{slug}-{run.id}")
        await world.approver.comment(issue, f"/approve {await world.digest()}")
        await world.settle_in_time()
        run = await world.run()
        assert (run.state, run.ended_code) == ("failed", "push-refused"), run.ended_why
        assert "Protected branch update failed" in world.replies()[-1]
        assert world.town.github.world.pulls(world.town.repository) == []


async def test_a_missing_permission_is_named(tmp_path: Path) -> None:
    async with open_story(tmp_path, sections={"change": ONE_FILE}) as world:
        for installation in world.town.github.world.installations.values():
            installation.permissions["contents"] = "read"
        await world.ask()
        await world.settle_in_time()
        said = await _failed(world, "permission-missing")
        assert said.startswith("The installation for acme/slugs does not grant all of `contents: write`.")
        assert said.endswith(
            "Grant the App the permissions listed in app.yml, accept them in the installation, then `/retry`."
        )


# The project


@pytest.mark.slow
async def test_tests_that_fail_already_are_said_once_and_only_new_failures_count(tmp_path: Path) -> None:
    async with open_story(tmp_path, files={"tests/test_old.py": RED}) as world:
        await world.ask()
        await world.settle_in_time()
        first = next(reply for reply in world.replies() if reply.startswith("⚠️"))
        assert first == (
            "⚠️ 1 test of `python3 -m unittest discover -s tests -v` fails before any change. "
            "I continue; only new failures count against the change.\n\n- `test_old.Old.test_old`"
        )
        assert sum(reply.startswith("⚠️") for reply in world.replies()) == 1
        asked_first = [purpose.partition("/")[2] for purpose in world.town.model.requests]
        assert asked_first.count("triage") == 1, "triage is all that was paid for before it was said"

        await world.approver.approve(world.pull_number)
        await world.settle_in_time()
        run = await world.run()
        assert (run.state, world.pull.merged_at is not None) == ("succeeded", True), run.ended_why
        tests = next(e for e in await world.journal() if e.name == "step.finished" and e.facts["step"] == "tests")
        assert "tests/test_text.py: red on the base, green on the head" in tests.facts["why"]


@pytest.mark.parametrize(
    ("keys", "code", "sentence", "remedy", "output"),
    [
        (
            {"checks": {"tests": {"run": "echo nothing works; exit 1"}}},
            "baseline-red",
            "`echo nothing works; exit 1` fails on `main` before any change.",
            "Mend the default branch, or correct `checks:` in `.github/pullwright.yml`, then comment `/retry`.",
            "nothing works",
        ),
        (
            {"checks": {"tests": {"run": "no-such-runner --all"}}},
            "checks-unusable",
            "`no-such-runner --all` cannot be run on the base: the command, or a program that it needs, is not there",
            "Say under `checks:` (and `setup:`) of `.github/pullwright.yml` how to run them, then comment `/retry`.",
            "sh: 1: no-such-runner: not found",
        ),
        (
            {"checks": {"tests": {"run": "python3 -m unittest discover -s slugs"}}},
            "checks-unusable",
            "`python3 -m unittest discover -s slugs` cannot be run on the base: it found no test",
            "Say under `checks:` (and `setup:`) of `.github/pullwright.yml` how to run them, then comment `/retry`.",
            "Ran 0 tests",
        ),
        (
            {"setup": ["echo no room for @everyone; exit 3"]},
            "setup-failed",
            "`echo no room for ＠everyone; exit 3` failed.",
            "Name working `setup:` commands in `.github/pullwright.yml`, then comment `/retry`.",
            "no room for ＠everyone",
        ),
    ],
)
async def test_a_base_that_cannot_be_tested_ends_the_run_before_it_costs_more_than_triage(
    tmp_path: Path, keys: Mapping[str, Any], code: str, sentence: str, remedy: str, output: str
) -> None:
    async with open_story(tmp_path, **keys) as world:
        await world.ask()
        await world.settle_in_time()
        said = await _failed(world, code)
        assert said.startswith(f"{sentence}\n\n{remedy}\n\n<details><summary>Output</summary>\n\n```text\n")
        assert output in said
        assert len(world.town.model.requests) == 1


async def test_a_setup_that_fails_leaves_in_the_journal_where_it_tried_to_go(tmp_path: Path) -> None:
    script = "python3 -c 'import urllib.request as u; u.urlopen(\"https://evil.example/\")'"
    async with open_story(tmp_path, setup=[script]) as world:
        await world.ask()
        await world.settle_in_time()
        await _failed(world, "setup-failed")
        (entry,) = [event.facts for event in await world.journal() if event.name == "setup.failed"]
        assert entry["passages"] == ["evil.example:443 refused"]


# The agents


async def test_tests_that_are_red_after_every_repair_fail_the_run_and_show_the_end_of_the_output(
    tmp_path: Path,
) -> None:
    breaks = {"write": {"path": "slugs/text.py", "content": 'raise SystemError("@ada /approve closes #1")\n'}}
    submit = {"submit": {"title": "break it", "kind": "fix", "summary": "It breaks."}}
    async with open_story(tmp_path, sections={"change": [breaks, submit], "tests_repair": [submit]}) as world:
        await world.ask()
        await world.settle_in_time()
        said = await _failed(world, "still-red")
        assert said.startswith(
            "`python3 -m unittest discover -s tests -v` is still red after 3 repairs.\n\n"
            "Read the output below, describe in the issue what is missing, and comment `/retry`."
        )
        assert "@ada" not in said
        assert "SystemError: ＠ada" in said
        assert [purpose.partition("/")[2] for purpose in world.town.model.requests][-3:] == [
            f"tests/repair:{number}" for number in (1, 2, 3)
        ]


SUBMIT = ONE_FILE[1]


@pytest.mark.parametrize(
    ("change", "keys", "code", "sentence"),
    [
        ([SUBMIT], {}, "nothing-changed", "The agent handed in its work, but no file is different."),
        (
            [{"write": {"path": "slugs/keys/a.py", "content": "X = 1\n"}}, SUBMIT],
            {"protected": ["/slugs/keys/**"]},
            "change-refused",
            "The change touches protected paths: `slugs/keys/a.py`.",
        ),
        (
            [{"write": {"path": ".github/workflows/ci.yml", "content": "on: push\n"}}, SUBMIT],
            {},
            "change-refused",
            "The change touches protected paths: `.github/workflows/ci.yml`.",
        ),
        (
            [{"write": {"path": "slugs/extra.py", "content": "X = 1\n" * 10}}, SUBMIT],
            {"limits": {"lines": 3}},
            "change-refused",
            "The change is 10 lines; the policy allows 3.",
        ),
    ],
)
async def test_a_change_that_must_not_be_shipped_is_refused_before_anything_is_pushed(
    tmp_path: Path, change: Sequence[Mapping[str, Any]], keys: Mapping[str, Any], code: str, sentence: str
) -> None:
    async with open_story(tmp_path, sections={"change": change}, **keys) as world:
        await world.ask()
        await world.settle_in_time()
        said = await _failed(world, code)
        assert said.startswith(f"{sentence}\n\n")
        assert "`/retry`" in said


async def test_a_reviewer_that_blocks_ends_the_run_with_its_findings(tmp_path: Path) -> None:
    finding = {"path": "slugs/extra.py", "line": 1, "note": "nobody asked for it"}
    review = [{"submit": {"verdict": "block", "summary": "It does something else.", "findings": [finding]}}]
    async with open_story(tmp_path, sections={"change": ONE_FILE, "review": review}) as world:
        await world.ask()
        await world.settle_in_time()
        assert await _failed(world, "review-blocked") == (
            "The reviewer says that this change must not ship.\n\n"
            "Read the findings below, describe in the issue what should be different, and comment `/retry`.\n\n"
            "<details><summary>Output</summary>\n\n```text\n"
            "It does something else.\nslugs/extra.py:1 nobody asked for it\n```\n\n</details>"
        )


async def test_turns_that_are_spent_end_the_run_before_the_next_call(tmp_path: Path) -> None:
    async with open_story(tmp_path, limits={"turns": 1}) as world:
        await world.ask()
        await world.settle_in_time()
        said = await _failed(world, "budget-spent")
        assert said.startswith("The agent reached its limit of 1 turns before it handed in its work (so far: 1 turns, ")
        assert said.endswith(
            "Raise the limit in `.github/pullwright.yml`, or describe a smaller task, then comment `/retry`."
        )
        assert len(world.town.model.requests) == 2


@pytest.mark.parametrize(
    ("triage", "comment"),
    [
        (
            {"verdict": "needs-info", "summary": "It is not said what is wrong.", "questions": ["Which title?"]},
            (
                "I cannot start yet: It is not said what is wrong.\n\n- Which title?\n\n"
                "Answer in a comment, then `/implement` again."
            ),
        ),
        (
            {"verdict": "duplicate", "summary": "The same as #1."},
            (
                "This looks like a duplicate: The same as #1.\n\n"
                "If it is not, say what is different, then `/implement` again."
            ),
        ),
        (
            {"verdict": "declined", "summary": "It is out of scope.", "why": "Ask @ada."},
            (
                "I will not work on this: It is out of scope.\n\n> Ask ＠ada.\n\n"
                "If that is wrong, say why in a comment, then `/implement` again."
            ),
        ),
    ],
)
async def test_an_issue_that_triage_does_not_pass_on_is_answered_and_the_run_is_done(
    tmp_path: Path, triage: Mapping[str, Any], comment: str
) -> None:
    async with open_story(tmp_path, sections={"triage": [{"submit": {"kind": "bug", **triage}}]}) as world:
        await world.ask()
        await world.settle_in_time()
        run = await world.run()
        assert (run.state, run.ended_code) == ("succeeded", triage["verdict"])
        assert await _told(world) == comment
        assert world.town.github.world.pulls(world.town.repository) == []
        assert len(world.town.model.requests) == 1


# What people write


async def test_a_broken_policy_file_starts_nothing_and_every_mistake_is_answered_once(tmp_path: Path) -> None:
    text = "version: 1\npolicy: team\nmerg: bot\nplan:\n  wait: sometimes\n"
    async with open_story(tmp_path, files={".github/pullwright.yml": text}) as world:
        await world.ask()
        await world.settle_in_time()
        (said,) = world.replies()
        assert said == (
            "Nothing runs here while the policy cannot be read.\n\n"
            "- .github/pullwright.yml is not valid:\n"
            "- .github/pullwright.yml:3:7: unknown key `merg`; did you mean `merge`?\n"
            "- .github/pullwright.yml:5:9: `plan.wait`: input should be 'never', 'when-risky' or 'always'\n\n"
            "Correct the lines named above on the default branch; `pullwright policy check FILE` reads it too."
        )
        assert world.town.model.requests == []
        assert world.checks() == {}


async def test_a_policy_that_loosens_the_operators_is_broken_too(tmp_path: Path) -> None:
    async with open_story(tmp_path, change={"approvals": 1, "requester_may_approve": True}) as world:
        await world.ask()
        await world.settle_in_time()
        (said,) = world.replies()
        assert said.startswith("Nothing runs here while the policy cannot be read.")
        assert "requester_may_approve" in said
        assert AT_ONCE["policy"] == "team"


@pytest.mark.parametrize(
    ("comment", "answer"),
    [
        ("/retry now", "Nothing was done: `/retry` takes nothing after it."),
        (
            "/approve yes please",
            "Nothing was done: `/approve` takes nothing, or a digest of at least 12 hexadecimal digits.",
        ),
        (
            "@pullwright implment",
            "Nothing was done: `/implment` is not a command. Did you mean `/implement`? `/help` lists the commands.",
        ),
        ("/approve\n/cancel", "Nothing was done: `/approve` and `/cancel` in one comment contradict each other."),
    ],
)
async def test_a_command_that_cannot_be_meant_is_answered_and_nothing_is_done(
    tmp_path: Path, comment: str, answer: str
) -> None:
    async with open_story(tmp_path) as world:
        issue = await world.requester.open_issue("Something", "")
        await world.requester.comment(issue.number, comment)
        await world.settle_in_time()
        assert world.replies() == [answer]
        assert world.town.model.requests == []


async def test_a_run_whose_stored_workflow_cannot_be_read_any_more_ends_and_says_so(quick: World) -> None:
    issue = await plan_waits(quick)
    async with quick.services.store.begin() as db:
        await db.execute(sa.update(tables.runs).values(workflow_text="name: implement\nsteps: [{id: x, fly: {}}]\n"))
    await quick.approver.comment(issue, f"/approve {await quick.digest()}")
    await quick.settle()
    run = await quick.run()
    assert (run.state, run.ended_code) == ("failed", "document-invalid")
    assert "- [x] triage" in quick.replies(issue)[0]
    assert quick.replies(issue)[-1].startswith("❌ **This run failed** (`document-invalid`). ")
