"""People, GitHub, the network, time and death, in any order; after each the promises of the service must hold.

Every rule is one thing that somebody does or that happens to the service. Most then let the service work, some leave it
for the next rule to happen in the same moment. There is no Redis here: no bell ever rings, and `work()` plays the clock
that looks at what is due, so that a lost bell is not a rule of its own but the state of this whole world.
"""

import asyncio
import contextlib
import json
import tempfile
import uuid
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from machine_town import PEOPLE, Died, MachineTown, open_town_of_machine
from post_office import GUID, Letter
from story_deaths import OF_LISTS, fault_points
from story_trust import OLD, PATH
from story_world import LABEL

from bot.demo.github.acts import reviews
from bot.demo.github.errors import Refusal
from bot.demo.github.people import Person
from bot.demo.github.records import Issue
from bot.demo.github.webhooks import signatures
from core import faults

T = TypeVar("T")
ISSUES = 3
EFFECTS = ("effect.after_act", "effect.before_act", "push.after", "push.before")
POINTS = (
    *EFFECTS,
    *EFFECTS,  # twice: here the outside may know more than the store
    "agent.after_call",
    "agent.after_checkpoint",
    "agent.after_reply",
    "agent.before_checkpoint",
    "memo.before_keep",
    "step.after_intent",
    "step.before_outcome",
    "store.after_commit",
    "store.before_commit",
)
OF_PARTS = ("end.before_bells", *(point for point in fault_points(of_lists=True) if point.startswith(OF_LISTS)))
PATHS = ("/repos/*", "/repos/*/comments", "/repos/*/merge", "/repos/*/pulls", "/repos/*/check-runs", "/graphql")

anyone = st.sampled_from(["ada", "ada", "ben", "rosa", "tia", "sid"])
able = st.sampled_from(["ada", "ada", "ben", "rosa"])
which = st.integers(0, 5)
later = st.sampled_from([0, 1, 2, 3, 5, 8, 13])
moment = st.sampled_from(["work", "yes first", "yes first", "yes then", "yes then", "wait"])
"""When it happens. The service works afterwards; a person has just approved what waits, or does so right after, before
the service works; or it waits, and the next thing happens in the same moment."""


def _arm(point: str, after: int) -> None:
    """The worker dies where it comes by this point the next time, or so many times later."""
    left = [after]

    def strike() -> None:
        left[0] -= 1
        if left[0] < 0:
            faults.disarm()
            raise Died

    faults.arm(point, strike)


class ServiceMachine(RuleBasedStateMachine):
    town: MachineTown

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._opened = contextlib.AsyncExitStack()

    def teardown(self) -> None:
        try:
            if hasattr(self, "town"):
                self._run(self.town.quiet())
        finally:
            self._run(self._opened.aclose())
            self._runner.close()

    def _run(self, act: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(act)

    def _happens(self, act: Coroutine[Any, Any, object], moment: str) -> None:
        """One thing happens, a little after the last; what GitHub forbids a person to do does not."""

        async def happen() -> None:
            if moment == "yes first":
                await self.town.say_yes()
            self.town.world.clock.leap(2)
            with contextlib.suppress(Refusal):
                await act
            if moment == "yes then":
                self.town.world.clock.leap(2)
                await self.town.say_yes()
            await self.town.webhooks.delivered()
            if moment != "wait":
                await self.town.work()

        self._run(happen())

    def _person(self, login: str) -> Person:
        return self.town.world.town.person(login)

    # The beginning ----------------------------------------------------------------------------------------------

    @initialize(
        policy=st.sampled_from(["at once", "at once", "plans wait"]),
        already=st.sampled_from([1, 1, 2]),
        point=st.sampled_from([*POINTS, None]),
        after=later,
    )
    def begin(self, policy: str, already: int, point: str | None, after: int) -> None:
        """A town with an issue or two that the service works on as far as it goes alone; a worker may die of it."""
        folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory(prefix="machine-")))

        async def opened() -> MachineTown:
            return await self._opened.enter_async_context(open_town_of_machine(folder, policy))

        self.town = self._run(opened())
        if point is not None:
            _arm(point, after)
        for number in range(already):
            self._happens(self.town.world.ask(by=["rosa", "ben"][number]), "work")

    # People -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.town.issues) < ISSUES)
    @rule(author=anyone, labeller=st.sampled_from(["rosa", "ben", "tia", "sid"]), moment=moment)
    def somebody_asks(self, author: str, labeller: str, moment: str) -> None:
        async def ask() -> None:
            issue = await self._person(author).open_issue("Slugs double their hyphens", "They should not.")
            await self._person(labeller).label(issue.number, LABEL)

        self._happens(ask(), moment)

    @rule(which=which, who=able, how=st.sampled_from(["digest", "bare", "review"]), moment=moment)
    def somebody_approves(self, which: int, who: str, how: str, moment: str) -> None:
        """What the oldest, or another, run waits for; by exactly its digest, by a bare word, or in a review."""
        self._happens(self.town.say_yes(which, who, how), moment)

    @precondition(lambda self: self.town.said_before)
    @rule(which=which, where=which, who=able, moment=moment)
    def somebody_approves_something_else(self, which: int, where: int, who: str, moment: str) -> None:
        """A digest that was asked about at some time, perhaps of another run, or one that never was."""
        known = [*self.town.said_before, "0123456789abcdef"]
        issues = [*self.town.issues, *self.town.pulls]
        words = f"/approve {known[which % len(known)][:12]}"
        self._happens(self._person(who).comment(issues[where % len(issues)].number, words), moment)

    @precondition(lambda self: self.town.issues)
    @rule(
        which=which,
        who=anyone,
        verb=st.sampled_from(["/approve", "/reject", "/cancel", "/retry", "/implement", "/hold", "/status", "/help"]),
        moment=moment,
    )
    def somebody_says(self, which: int, who: str, verb: str, moment: str) -> None:
        issues = [*self.town.issues, *self.town.pulls]
        self._happens(self._person(who).comment(issues[which % len(issues)].number, verb), moment)

    @rule(
        which=which,
        anew=st.booleans(),
        who=anyone,
        workflow=st.sampled_from(["survey", "survey", "triage", "review"]),
        moment=moment,
    )
    def somebody_starts_another_workflow(self, which: int, anew: bool, who: str, workflow: str, moment: str) -> None:
        """One that asks and has parts, or one that only says what it found: of something new, or where the bot is at
        work already."""

        async def start() -> None:
            places = self.town.pulls if workflow == "review" else self.town.issues
            if not places or (anew and len(places) < ISSUES):
                place = await self.town.something_new(pull=workflow == "review")
            else:
                place = places[which % len(places)]
            await self._person(who).comment(place.number, f"/{workflow}")

        self._happens(start(), moment)

    @precondition(lambda self: self.town.questions)
    @rule(which=which, who=able, point=st.sampled_from([*OF_PARTS, *POINTS, None]), after=later, moment=moment)
    def somebody_answers(self, which: int, who: str, point: str | None, after: int, moment: str) -> None:
        """What was asked, now or some time ago; a worker may die of what follows."""
        if point is not None:
            _arm(point, 0 if point in OF_PARTS else after)
        places = self.town.questions
        self._happens(self._person(who).comment(places[which % len(places)].number, "/answer the first"), moment)

    @precondition(lambda self: self.town.pulls)
    @rule(which=which, who=able, what=st.sampled_from(["old", "changes", "dismiss"]), moment=moment)
    def somebody_reviews_otherwise(self, which: int, who: str, what: str, moment: str) -> None:
        """An approval of an older commit, a wish for changes, or the dismissal of an approval."""
        issue = self.town.pulls[which % len(self.town.pulls)]
        assert issue.pull is not None
        pull, person = issue.pull, self._person(who)

        async def review() -> None:
            given = [one for one in pull.reviews if one.state == "APPROVED"]
            if what == "old":
                asked = {"event": "APPROVE", "body": "", "commit_id": pull.base_sha}
                await reviews.review(person.world, person.actor, person.repository, issue, asked)
            elif what == "changes":
                await person.request_changes(issue, "One more look, please.")
            elif given:
                await person.dismiss(issue, given[which % len(given)].id, "Not yet.")

        self._happens(review(), moment)

    @precondition(lambda self: self.town.yeses or self.town.plans)
    @rule(
        which=which,
        plan=st.booleans(),
        who=st.sampled_from(["ada", "ben", "rosa"]),
        how=st.sampled_from(["edit", "edit and put back", "delete"]),
        moment=moment,
    )
    def somebody_changes_a_comment(self, which: int, plan: bool, who: str, how: str, moment: str) -> None:
        """One that approved, or the bot's own plan."""
        found = (self.town.plans if plan else self.town.yeses) or self.town.plans or self.town.yeses
        issue, comment = found[which % len(found)]

        async def change() -> None:
            self.town.ledger.touch(issue.number, comment)
            if how == "delete":
                await self._person(who).delete_comment(comment.id)
                return
            before = comment.body
            await self._person(who).edit_comment(comment.id, before.replace("single", "no") + " Perhaps.")
            if how == "edit and put back":
                self.town.world.clock.leap(2)
                await self._person(who).edit_comment(comment.id, before)

        self._happens(change(), moment)

    @rule(login=st.sampled_from(["ada", "ben", "rosa"]), back=st.booleans(), moment=moment)
    def somebody_loses_or_gets_back_a_role(self, login: str, back: bool, moment: str) -> None:
        self.town.give(login, PEOPLE[login] if back else "read")
        self._happens(asyncio.sleep(0), moment)

    @rule(under=st.booleans(), moment=moment)
    def the_base_moves(self, under: bool, moment: str) -> None:
        """Beside the files that the bot changes, or under them."""
        number = len(self.town.webhooks.log)
        files = {PATH: f"# {number}\nimport re\n\n\ndef slugify(title):\n    {OLD}\n"} if under else {f"n{number}": "x"}
        self.town.give("ben", "write")
        self._happens(self._person("ben").push("main", files, "move on"), moment)

    @precondition(lambda self: self.town.pulls)
    @rule(which=which, what=st.sampled_from(["push", "close", "reopen", "merge"]), moment=moment)
    def somebody_takes_the_pull_request_in_hand(self, which: int, what: str, moment: str) -> None:
        issue = self.town.pulls[which % len(self.town.pulls)]
        assert issue.pull is not None
        ben = self._person("ben")
        acts = {
            "push": lambda: ben.push(issue.pull.head_ref, {"extra.py": "import os\n"}, "one more thing"),
            "close": lambda: ben.close_pull(issue),
            "reopen": lambda: ben.reopen_issue(issue),
            "merge": lambda: ben.merge(issue, "squash"),
        }
        self._happens(acts[what](), moment)

    @precondition(lambda self: self.town.issues)
    @rule(which=which, what=st.sampled_from(["close", "reopen", "unlabel", "label"]), moment=moment)
    def somebody_takes_the_issue_in_hand(self, which: int, what: str, moment: str) -> None:
        issue: Issue = self.town.issues[which % len(self.town.issues)]
        rosa = self._person("rosa")
        acts = {
            "close": lambda: rosa.close_issue(issue),
            "reopen": lambda: rosa.reopen_issue(issue),
            "unlabel": lambda: rosa.unlabel(issue, LABEL),
            "label": lambda: rosa.label(issue, LABEL),
        }
        self._happens(acts[what](), moment)

    @rule(name=st.sampled_from(["plans wait", "two people", "two people", "a maintainer", "broken"]), moment=moment)
    def the_policy_changes(self, name: str, moment: str) -> None:
        self._happens(self.town.push_policy(name), moment)

    # The network ------------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.town.office.holding)
    @rule(lose=st.integers(0, 2))
    def deliveries_get_stuck(self, lose: int) -> None:
        """From now on they are held back, or the next ones are lost."""
        self.town.office.holding, self.town.office.losing = lose == 0, lose

    @precondition(lambda self: self.town.office.held or self.town.office.lost)
    @rule(order=st.lists(which, max_size=4))
    def deliveries_arrive_after_all(self, order: list[int]) -> None:
        """In another order; and what was lost is sent again."""

        async def arrive() -> None:
            await self.town.office.release(order)
            await self.town.redeliver()

        self._happens(arrive(), "work")

    @precondition(lambda self: self.town.office.sent)
    @rule(back=st.integers(1, 12), anew=st.booleans(), moment=moment)
    def a_delivery_comes_twice(self, back: int, anew: bool, moment: str) -> None:
        sent = self.town.office.sent
        self._happens(self.town.office.repeat(sent[-min(back, len(sent))], anew=anew), moment)

    @precondition(lambda self: any(one.headers["X-GitHub-Event"] in FORGED for one in self.town.office.sent))
    @rule(back=st.integers(1, 6), who=able, answers=st.booleans(), moment=moment)
    def a_delivery_is_forged(self, back: int, who: str, answers: bool, moment: str) -> None:
        """Somebody who knows the secret has this person approve or answer, in words or a review that GitHub has
        otherwise."""
        models = [one for one in self.town.office.sent if one.headers["X-GitHub-Event"] in FORGED]
        model = models[-min(back, len(models))]
        said = json.loads(model.body)
        digest = self.town.said_before[-1][:12] if self.town.said_before else ""
        if "review" in said:
            said["review"] |= {"state": "approved", "user": {**said["sender"], "login": who}}
            said["action"] = "submitted"
        else:
            words = "/answer the forged" if answers else f"/approve {digest}".strip()
            said["comment"] |= {"body": words, "user": {**said["sender"], "login": who}}
            said["action"] = "created"
        said["sender"]["login"] = who
        body = json.dumps(said).encode()
        headers = {**model.headers, GUID: str(uuid.uuid4())}
        signed = signatures(self.town.world.town.app.hook, body)
        headers["X-Hub-Signature-256"] = signed["X-Hub-Signature-256"]
        self._happens(self.town.office.deliver(Letter(headers, body)), moment)

    # Faults -----------------------------------------------------------------------------------------------------

    @rule(point=st.sampled_from(POINTS), after=later, moment=moment)
    def a_worker_dies(self, point: str, after: int, moment: str) -> None:
        """Where it comes by this point the next time, or some times later."""
        _arm(point, after)
        self._happens(asyncio.sleep(0), moment)

    @rule(ask=st.booleans(), after=later)
    def a_lease_runs_out_while_its_holder_is_at_work(self, ask: bool, after: int) -> None:
        async def begin() -> None:
            if ask and len(self.town.issues) < ISSUES:
                await self.town.world.ask()
            await self.town.say_yes()
            await self.town.work_behind_its_back(after)

        self._happens(begin(), "work")

    @rule(
        method=st.sampled_from(["POST", "PUT", "PATCH", "GET"]),
        path=st.sampled_from(PATHS),
        status=st.sampled_from([500, 502, 0]),
        after=st.booleans(),
        moment=moment,
    )
    def github_fails(self, method: str, path: str, status: int, after: bool, moment: str) -> None:
        """The next such request: before the act or after it, with an answer or with none."""
        self.town.world.town.github.faults.fail_next(method, path, status, after=after)
        self._happens(asyncio.sleep(0), moment)

    @rule(seconds=st.sampled_from([5, 61, 3700]))
    def time_passes(self, seconds: int) -> None:
        self.town.world.clock.leap(seconds)
        self._happens(asyncio.sleep(0), "work")

    @rule()
    def everything_works_again(self) -> None:
        self._run(self.town.quiet())


FORGED = ("issue_comment", "pull_request_review")
