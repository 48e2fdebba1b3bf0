"""What a step works with: the run, its lease, GitHub, the outputs of the steps before it, and the way to do effects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from adapters.store import StepMismatch, effects, events, parts, runs, steps
from core.effects import Act, AddReaction, PostComment
from core.errors import NoThread
from core.facts import App
from core.github import GitHub, RepositoryFacts
from core.names import Digest, Epoch, Role, Sha, is_bot
from core.runs import Effect, Run, Waiting
from core.runs import Step as Memo
from core.trying import Failure
from core.workflow import Handed, Step, Workflow
from core.workflow.rounds import SENT_BACK, sent_back, unrolled
from jobs.effects import Outside, Receipt
from jobs.kept import keep
from jobs.lease import Lease
from jobs.policy_of_run import PolicyAsRead, read_for
from jobs.run_effects import RunEffects, key_of
from jobs.services import Services
from jobs.workbench import CheckPlan, Workbench, open_workbench
from policies.people import role_of_bot
from policies.schema import Effective

UNDONE = frozenset({"skipped", "failed", SENT_BACK})
"""Keys of what is recorded for a step that was not done: by its `when`, by going on without it, or by going back."""

BASE = "base"
"""The key in what sent the run back that says which commit its change is seen against from there on."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What expressions within a composite step see."""

    prefix: str
    """What the ids of its steps begin with."""
    inputs: Mapping[str, Any]


@dataclass
class Work:
    """One lease holder's view of one run. Everything it writes carries the lease's epoch."""

    services: Services
    lease: Lease
    run: Run
    workflow: Workflow
    """With the steps of the rounds that people sent it back for."""
    github: GitHub
    outputs: dict[str, Any] = field(default_factory=dict)
    """What the steps that are done handed over, by step id."""
    begun: set[str] = field(default_factory=set)
    """Keys that have a row: the steps that began, and what is recorded below them."""
    failures: dict[str, list[Failure]] = field(default_factory=dict)
    """The attempts that failed, by step id."""
    pauses: dict[str, Waiting] = field(default_factory=dict)
    """The pauses before a next attempt that were begun under this lease, by step id."""
    mending: Failure | None = None
    """What the steps of an `on_failure` deal with just now."""
    scope: Scope | None = None
    """The composite step whose steps are done just now; None in those of the workflow itself."""
    resumed: bool = False
    """Whether an earlier lease holder may have shown a status already."""
    shown: str | None = None
    """The status comment as it was last written under this lease."""
    _policy: Effective | None = None
    _known: PolicyAsRead | None = None
    """The policy as it was when it was last looked at, for whichever step."""
    _repository: RepositoryFacts | None = None
    _bench: Workbench | None = None

    def key(self, effect: str) -> str:
        """The key of an effect of this run, by its name."""
        return key_of(self.run.id, effect)

    @property
    def epoch(self) -> Epoch:
        return self.lease.epoch

    @property
    def number(self) -> int:
        return self.run.subject.number

    # What is looked up ------------------------------------------------------------------------------------------------

    def begin_step(self) -> None:
        """Nothing that was looked up for one step counts for the next."""
        self._policy = None

    async def app(self) -> App:
        """Who we are at GitHub: whoever writes nothing there never asks."""
        return await self.services.github.identity()

    async def repository(self) -> RepositoryFacts:
        """The repository as it was when this lease holder first asked."""
        if self._repository is None:
            self._repository = await self.github.repository()
        return self._repository

    async def policy(self) -> Effective:
        """The policy as it was on the default branch when the current step began: read anew for each.

        The journal holds it as it was first, and whenever it changed: what was decided by it can be decided again.
        """
        if self._policy is None:
            repository = await self.repository()
            self._known = await read_for(self.services, self.run, self.github, repository, self._known, self.journal)
            self._policy = self._known.effective
        return self._policy

    async def default_head(self) -> Sha:
        """The commit that the default branch was at when the current step first asked for the policy."""
        await self.policy()
        return self._known.file.sha if self._known is not None else self.run.base_sha

    async def role(self, login: str) -> Role:
        """The role of an account now: a person's is asked of GitHub, a bot's stands in the policy."""
        return role_of_bot((await self.policy()).policy, login) if is_bot(login) else await self.github.role(login)

    async def limit_usd(self) -> Decimal:
        """What the run and all of its parts may cost: by the policy in force, and by what people added."""
        allowed = Decimal(str((await self.policy()).policy.limits.run_cost_usd))
        async with self.services.store.read() as db:
            return allowed + (await runs.require(db, await parts.whole(db, self.run.id))).extra_usd

    # The workspace ----------------------------------------------------------------------------------------------------

    async def bench(self) -> Workbench:
        """The run's workbench, made when the first step needs it, with the dependencies that the baseline set up."""
        if self._bench is None:
            bench = await open_workbench(self.services, self.run, self._clone_url, self.github, self.journal)
            for output in self.outputs.values():
                if isinstance(output, dict) and "check" in output:
                    await bench.set_up(CheckPlan.model_validate(output["check"]))
            self._bench = bench
        return self._bench

    async def _clone_url(self) -> str:
        return (await self.repository()).clone_url

    async def keep_workspace(self, sha: Sha) -> None:
        """Store what only this machine has of the workspace. Called before anything is recorded that names `sha`.

        Another machine goes on from there, and this one where its disk was wiped.
        """
        await keep(self.services, self.lease, (await self.bench()).workspace, sha)

    def tree(self) -> Sha:
        """The tree as the last step that wrote left it; before that the run's base or a pull request's head, or
        what it is a part of."""
        for step in reversed(list(self.workflow.every_step)):
            output = self.outputs.get(step.id)
            if isinstance(output, dict) and output.get("tree"):
                return Sha(output["tree"])
        return self.run.part.tree if self.run.part is not None else self.run.snapshot.head or self.run.base_sha

    # What the steps handed over ---------------------------------------------------------------------------------------

    def newest(self, what: Handed) -> dict[str, Any] | None:
        """What the newest step of this kind handed over; None where none is done, or it was skipped."""
        return next(self.newest_first(what), None)

    def newest_first(self, what: Handed | None = None) -> Iterator[dict[str, Any]]:
        """What every step that is done handed over, the newest first; with a kind, those of that kind."""
        for step in reversed(list(self.workflow.every_step)):
            output = self.outputs.get(step.id)
            if isinstance(output, dict) and not output.keys() & UNDONE and what in {None, step.hands_over}:
                yield output

    def went_back(self) -> list[Mapping[str, Any]]:
        """What the steps handed over that sent the run back, in their order."""
        done = [self.outputs[step.id] for step in self.workflow.steps if step.id in self.outputs]
        return [output for output in done if sent_back(output)]

    def unroll(self) -> None:
        """Let the workflow have the steps of every round that was begun, once a step is done, and the run the base that
        the newest of them was begun on: what was done before it stays recorded for the one before.
        """
        self.workflow = self.workflow.model_copy(update={"steps": unrolled(self.workflow.steps, self.outputs)})
        based = next((back[BASE] for back in reversed(self.went_back()) if BASE in back), self.run.base_sha)
        if based != self.run.base_sha:
            self.run = self.run.model_copy(update={"base_sha": Sha(based)})
            self._bench = None

    @cached_property
    def names_the_policy(self) -> bool:
        """Whether an expression of the workflow may name it: GitHub is asked for it only where it counts."""
        return "policy" in self.workflow.model_dump_json()

    # What is recorded -------------------------------------------------------------------------------------------------

    def attempt(self, step: Step) -> str:
        """What the memo keys of this attempt at the step begin with: a failed one leaves its own behind."""
        failed = len(self.failures.get(step.id, ()))
        return f"{step.id}/try:{failed + 1}" if failed else step.id

    async def memo(self, key: str, input_hash: Digest) -> Memo | None:
        """What was recorded under this key, if it is done. Raises StepMismatch where that was for another input."""
        async with self.services.store.read() as db:
            memo = await steps.get(db, self.run.id, key)
        if memo is None or memo.state != "done":
            return None
        if memo.input_hash != input_hash:
            raise StepMismatch(self.run.id, key)
        return memo

    async def memos(self, prefix: str) -> list[Memo]:
        """What is recorded under keys that begin so."""
        async with self.services.store.read() as db:
            return await steps.below(db, self.run.id, prefix)

    async def journal(self, name: str, facts: Mapping[str, Any], actor: str = "pullwright") -> None:
        async with self.lease.write() as db:
            await events.append(db, self.run.id, name=name, actor=actor, facts=facts, at=self.services.clock.now())

    async def pulled(self, number: int) -> None:
        """Remember the run's pull request: what is said there finds the run."""
        async with self.lease.write() as db:
            await runs.set_pull(db, self.run.id, self.epoch, number)
        self.run = self.run.model_copy(update={"pull_number": number})

    # What is done and said on GitHub ----------------------------------------------------------------------------------

    async def do(self, name: str, act: Act, *, where_open: bool = False) -> Receipt:
        """The receipt of an effect of this run, done at most once. `name` tells it from the run's other effects.

        Raises what kept it from being done. A cosmetic effect, and one that this server has no endpoint for, is given
        up after some attempts: the receipt is empty then, and the journal says so. So is a word that is only wanted
        `where_open`, in a conversation that is locked.
        """
        return await RunEffects(self.services, self.lease, self.run, self._outside).do(name, act, where_open=where_open)

    async def _outside(self, effect: Effect) -> Outside:
        push = await self.bench() if effect.act.kind in {"push", "sign"} else None
        app_id = (await self.app()).id
        return Outside(github=self.github, app_id=app_id, key=effect.key, intended_at=effect.at, push=push)

    async def comment_of(self, name: str) -> int | None:
        """The id of the comment that an effect of this run posted; None where it has not."""
        async with self.services.store.read() as db:
            receipt = (await effects.require(db, self.key(name))).receipt
        return receipt.get("comment_id") if receipt else None

    @property
    def thread(self) -> int | None:
        """Where the run speaks: its subject, or its pull request where it is about the whole repository."""
        return self.number or self.run.pull_number

    @property
    def silent(self) -> bool:
        """Whether the run is a part of another one, which speaks for it. What its workflow says on GitHub is said."""
        return self.run.parent_id is not None

    async def say(self, name: str, body: str, *, number: int | None = None, where_open: bool = False) -> Receipt:
        """One comment where the run speaks, or on the pull request where a number is given. Raises NoThread.

        Raises ConversationLocked where nobody can speak there, unless the comment is wanted `where_open` only.
        """
        thread = number or self.thread
        if thread is None:
            raise NoThread(f"`{self.run.workflow}` has something to say, and its run is about no issue.")
        return await self.do(name, PostComment(number=thread, body=body), where_open=where_open)

    async def remark(self, name: str, body: str) -> None:
        """One comment of the run's own accord."""
        if self.silent:
            return
        if self.thread is None:
            await self.journal("remark.made", {"name": name, "text": body})
        else:
            await self.say(name, body, where_open=True)

    async def react(self, emoji: str) -> None:
        """A reaction where the run was asked for: the comment, or the issue itself."""
        if self.silent or not self.number:
            return
        act = AddReaction.model_validate(
            {"number": self.number, "comment_id": self.run.source_comment_id, "content": emoji}
        )
        await self.do(f"react:{emoji}", act)
