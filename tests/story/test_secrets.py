"""No secret stands where people or files see text: whatever prints it, says it, or answers with it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina
from story_secrets import (
    MODEL_KEY,
    OURS,
    SHOWN,
    STRANGE,
    WEBHOOK,
    Blabbing,
    Watching,
    leaks,
    open_guarded,
    printing,
    secrets_of,
    shown_by_github,
)
from story_sources import ONE_FILE
from story_world import World

from core.names import Digest, Repo

PEM = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkq" * 4 + "\n-----END PRIVATE KEY-----\n"
HIDDEN = "[redacted] [redacted]"
SAID = f"It is {', '.join(OURS)}."
SPOKEN: dict[str, list[dict[str, Any]]] = {
    "triage": [{"submit": {"verdict": "actionable", "kind": "bug", "summary": SAID, "why": SHOWN}}],
    "research": [
        {"say": f"I see {SHOWN}", "run": "python3 -m unittest discover -s tests"},
        {"submit": {"summary": f"{SAID}\n{SHOWN}", "findings": [{"path": "a.py", "line": 1, "note": SAID}]}},
    ],
    "plan": [{"submit": {"summary": SAID, "steps": [f"Set {WEBHOOK}."], "files": [f"{MODEL_KEY}.py"]}}],
    "change": [
        ONE_FILE[0],
        {"run": "python3 -m unittest discover -s tests"},
        {"submit": {"title": f"use {WEBHOOK}", "kind": "feat", "summary": f"{SAID}\n\n{SHOWN}"}},
    ],
    "review": [{"submit": {"verdict": "concerns", "summary": f"{SAID}\n{SHOWN}"}}],
}
"""A model that says all it could ever know at every turn."""


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


async def _output(world: World) -> str:
    """All of what the tests printed at the baseline, as it is kept."""
    ran = next(event for event in await world.journal() if event.name == "check.ran")
    kept = await world.services.artifacts.get(Digest(ran.facts["output_digest"]))
    return kept.decode()


async def test_a_model_and_tests_that_say_every_secret_put_none_where_anybody_sees_it(tmp_path: Path) -> None:
    async with open_guarded(tmp_path, files=printing(), sections=SPOKEN, plan={"wait": "always"}) as (world, logged):
        watch = Watching()
        world.town.github.faults.pending.append(watch)
        issue = await world.ask()
        await world.settle()
        await world.approver.comment(issue, f"/approve {await world.digest()}")
        await world.settle()
        assert len([reply for reply in world.replies() if "### Plan" in reply]) == 1, "it is as it was posted"
        await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
        await world.settle()
        run = await world.run()
        assert (run.state, run.ended_why) == ("succeeded", f"#{world.pull_number} is merged")
        assert leaks(world, logged) == []

        tokens = world.town.github.world.tokens
        assert {world.services.redactor.exact(f"{token} {one}") for token in tokens for one in OURS} == {HIDDEN}

        shown, output = shown_by_github(world), await _output(world)
        assert shown.count("[redacted]") > 10, "what was said is there, without the secrets"
        assert "It is [redacted], [redacted], [redacted]." in shown
        assert output.count("[redacted]") == len(STRANGE)
        environ = bytes.fromhex(re.findall(r"environ ([0-9a-f]+) end", output)[0]).decode()
        assert [secret for secret in secrets_of(world) if secret in environ] == []
        assert "PULLWRIGHT" not in environ

        pushes = [line for line in watch.seen if " push " in line]
        assert pushes, "a push was seen while it ran"
        assert [secret for line in watch.seen for secret in secrets_of(world) if secret in line] == []


async def _repo(world: World) -> Repo:
    """The repository as its installation sees it."""
    found, owner = world.town.repository, world.town.repository.owner.login
    installation = await world.services.github.installation_of(owner, found.name)
    return Repo(id=found.id, owner=owner, name=found.name, installation_id=installation)


@pytest.mark.slow
async def test_tests_that_stay_red_and_print_secrets_are_shown_without_them(tmp_path: Path) -> None:
    breaks = [
        {"write": {"path": "slugs/text.py", "content": "def slugify(title):\n    return 'x'\n"}},
        {"submit": {"title": "break it", "kind": "fix", "summary": "It breaks."}},
    ]
    files = printing('assertEqual(__import__("slugs").slugify("A B"), "a-b")')
    sections = {"change": breaks, "tests_repair": [breaks[1]]}
    async with open_guarded(tmp_path, files=files, sections=sections) as (world, logged):
        await world.ask()
        await world.settle_in_time()
        assert (await world.run()).ended_code == "still-red"
        assert "[redacted]" in world.replies()[-1]
        assert leaks(world, logged) == []


async def test_a_model_key_that_is_refused_stands_nowhere(tmp_path: Path) -> None:
    async with open_guarded(tmp_path) as (world, logged):
        assert world.town.model is not None
        world.town.model.key = "another"
        await world.ask()
        await world.settle_in_time()
        assert (await world.run()).ended_code == "model-unavailable"
        assert leaks(world, logged) == []


async def test_a_reply_of_the_model_that_quotes_its_key_stands_nowhere(tmp_path: Path) -> None:
    garbage = {"garbage": f"<html>Authorization: Bearer {MODEL_KEY} {SHOWN}</html>"}
    async with open_guarded(tmp_path, sections={"triage": [garbage]}) as (world, logged):
        await world.ask()
        await world.settle_in_time()
        assert (await world.run()).ended_code == "model-confused"
        assert leaks(world, logged) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/repos/*/pulls", 422),
        pytest.param("POST", "/repos/*/issues/*/comments", 500, marks=pytest.mark.slow),
        pytest.param("POST", "/repos/*/issues/*/comments", 422, marks=pytest.mark.slow),
        pytest.param("GET", "/repos/*", 503, marks=pytest.mark.slow),
        pytest.param("POST", "/app/installations/*/access_tokens", 403, marks=pytest.mark.slow),
    ],
)
async def test_an_answer_of_github_that_quotes_a_token_stands_nowhere(
    tmp_path: Path, method: str, path: str, status: int
) -> None:
    async with open_guarded(tmp_path, sections={"change": ONE_FILE}) as (world, logged):
        await world.ask()
        await world.town.github.webhooks.delivered()
        await world.services.github.identity()
        await world.services.github.repository(await _repo(world)).repository()
        world.town.github.faults.pending.append(Blabbing(world, method, path, status, times=3))
        await world.settle_in_time(rounds=30)
        assert "(authorization: [" in logged.getvalue(), "the answer was met"
        assert leaks(world, logged) == []


@pytest.mark.slow
async def test_a_push_that_is_refused_with_a_token_in_the_reason_tells_the_reason_alone(tmp_path: Path) -> None:
    async with open_guarded(tmp_path, sections={"change": ONE_FILE}) as (world, logged):
        world.town.repository.refuse_pushes = f"{WEBHOOK} must not be pushed."
        await world.ask()
        await world.settle_in_time()
        assert (await world.run()).ended_code == "push-refused"
        assert "[redacted] must not be pushed." in world.replies()[-1]
        assert leaks(world, logged) == []


@pytest.mark.slow
async def test_a_secret_that_somebody_pasted_into_the_issue_is_not_sent_to_the_model_nor_repeated(
    tmp_path: Path,
) -> None:
    async with open_guarded(tmp_path, sections={"change": ONE_FILE}) as (world, logged):
        await world.ask(f"The service says {WEBHOOK} in its log.")
        await world.settle()
        assert world.town.model is not None
        told = json.dumps(list(world.town.model.conversations.values()))
        assert "The service says [redacted] in its log." in told
        assert WEBHOOK not in told + logged.getvalue() + "".join(world.replies())


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (f"KEY = {WEBHOOK!r}\n", "a secret of this service"),
        pytest.param("KEY = 'ghp_" + "a1B2" * 9 + "'\n", "a GitHub token", marks=pytest.mark.slow),
        pytest.param(PEM, "a private key", marks=pytest.mark.slow),
    ],
)
async def test_a_change_that_brings_a_secret_is_refused_before_anything_is_pushed(
    tmp_path: Path, content: str, kind: str
) -> None:
    change = [{"write": {"path": "slugs/key.py", "content": content}}, ONE_FILE[1]]
    async with open_guarded(tmp_path, sections={"change": change}) as (world, logged):
        await world.ask()
        await world.settle_in_time()
        run = await world.run()
        assert (run.ended_code, run.ended_why) == ("change-refused", f"The change brings {kind} in `slugs/key.py`.")
        assert await world.town.github.world.branches(world.town.repository) == {"main": run.base_sha}
        secret = content.split("'")[1] if "'" in content else "MIIEvQIBADANBgkq"
        assert secret not in logged.getvalue() + shown_by_github(world)


@pytest.mark.slow
async def test_a_token_that_stood_in_the_file_before_keeps_no_change_from_being_shipped(tmp_path: Path) -> None:
    old = "KEY = 'ghp_" + "a1B2" * 9 + "'\n"
    change = [{"write": {"path": "slugs/key.py", "content": old + "X = 1\n"}}, ONE_FILE[1]]
    async with open_guarded(tmp_path, files={"slugs/key.py": old}, sections={"change": change}) as (world, _):
        await world.ask()
        await world.settle()
        assert (await world.run()).state == "waiting", (await world.run()).ended_why
