"""Lease, receipt, look, act, receipt: the order in which every write to the outside is made."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import pytest

from adapters.store import effects
from core import faults
from core.effects import AddReaction, PostComment
from core.errors import GitHubUnavailable
from core.github import GitHub
from core.names import Repo
from core.runs import Effect, NewEffect
from jobs import outbox
from jobs.effects import Outside
from jobs.services import Services

REPO = Repo(id=7, installation_id=3, owner="acme", name="slugs")
KEY = "say:1"


@dataclass
class Written:
    id: int
    body: str
    app_id: int | None
    url: str = "https://github.example/1"


@dataclass
class Ledger:
    """A GitHub that notes what it was asked; the answers to the next writes may be lost after the act."""

    comments_: list[Written] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    lose_answers: int = 0

    async def comments(self, number: int, since: datetime | None = None) -> Sequence[Written]:
        self.asked.append("look")
        return self.comments_

    async def create_comment(self, number: int, body: str) -> Written:
        self.asked.append("act")
        self.comments_.append(Written(len(self.comments_) + 1, body, 1))
        if self.lose_answers:
            self.lose_answers -= 1
            raise GitHubUnavailable("The answer was lost.")
        return self.comments_[-1]

    async def react_to_issue(self, number: int, content: str) -> None:
        self.asked.append(content)


async def _intended(services: Services, act: Any) -> None:
    async with services.store.begin() as db:
        now = services.clock.now()
        await effects.insert(db, NewEffect(key=KEY, run_id=None, repo=REPO, act=act, at=now))


async def _effect(services: Services) -> Effect:
    async with services.store.read() as db:
        return await effects.require(db, KEY)


async def _perform(services: Services, github: Ledger) -> Any:
    effect = await _effect(services)
    outside = Outside(github=cast("GitHub", github), app_id=1, key=KEY, intended_at=effect.at)
    return await outbox.perform(
        effect, outside, write=services.store.begin, stands=lambda: True, epoch=None, clock=services.clock
    )


async def _may_act_again(services: Services) -> None:
    async with services.store.begin() as db:
        await effects.failed(db, KEY, "lost", services.clock.now())


async def test_the_first_attempt_need_not_look_and_its_receipt_stands(services: Services) -> None:
    github = Ledger()
    await _intended(services, PostComment(number=1, body="Hello."))
    receipt = await _perform(services, github)
    assert receipt["comment_id"] == 1
    assert await _perform(services, github) == receipt
    assert github.asked == ["act"]


async def test_an_answer_that_was_lost_is_looked_for_and_the_act_is_not_repeated(services: Services) -> None:
    github = Ledger(lose_answers=1)
    await _intended(services, PostComment(number=1, body="Hello."))
    with pytest.raises(GitHubUnavailable):
        await _perform(services, github)
    await _may_act_again(services)
    assert (await _perform(services, github))["comment_id"] == 1
    assert github.asked == ["act", "look"]


async def test_a_marker_in_a_comment_of_somebody_else_is_not_ours(services: Services) -> None:
    github = Ledger(lose_answers=1)
    await _intended(services, PostComment(number=1, body="Hello."))
    with pytest.raises(GitHubUnavailable):
        await _perform(services, github)
    github.comments_[0].app_id = None
    await _may_act_again(services)
    assert (await _perform(services, github))["comment_id"] == 2
    assert github.asked == ["act", "look", "act"]


@pytest.mark.parametrize(
    ("point", "asked"), [("effect.before_act", ["look", "act"]), ("effect.after_act", ["act", "look"])]
)
async def test_a_death_on_either_side_of_the_act_leaves_one_comment(
    services: Services, point: str, asked: list[str]
) -> None:
    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    github = Ledger()
    await _intended(services, PostComment(number=1, body="Hello."))
    faults.arm(point, die)
    with pytest.raises(Died):
        await _perform(services, github)
    faults.disarm()
    await _may_act_again(services)
    await _perform(services, github)
    assert github.asked == asked
    assert len(github.comments_) == 1


async def test_while_one_acts_another_does_not(services: Services) -> None:
    github = Ledger()
    await _intended(services, AddReaction(number=1, comment_id=None, content="eyes"))
    async with services.store.begin() as db:
        assert await effects.acting(db, KEY, None, services.clock.now())
    assert await _perform(services, github) is None
    assert github.asked == []


async def test_a_reaction_is_simply_made_again_because_github_keeps_one(services: Services) -> None:
    github = Ledger()
    await _intended(services, AddReaction(number=1, comment_id=None, content="eyes"))
    assert await _perform(services, github) == {}
    assert github.asked == ["eyes"]
