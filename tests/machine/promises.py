"""The five promises of the service, as functions from facts to what is broken: nothing, or sentences that say it.

1. No accepted event is ever lost.
2. Every run ends, visibly.
3. Nothing is merged that policy and a human did not approve, content for content.
4. No credential stands where others read, and our App pushes to nothing but its runs' own branches.
5. Every decision can be read: each effect has an entry that meant it and one that says it is done, and is there once.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from promises_of_parts import (
    every_answer_is_somebodys,
    every_item_comes_back_once,
    every_part_is_begun_once,
    no_part_outlives_its_run,
)
from town_ledger import OURS, Merged, Pushed, Words
from world_facts import Facts, Said

from adapters.store import events
from adapters.store.tables import DeliveryState
from bot.demo.github.records import ROLES, Issue, Role
from core.markers import marker
from core.names import RunId
from core.runs import EffectState, Event, Run, Waiting
from core.states import TERMINAL, RunState, WaitingFor

T = TypeVar("T")
K = TypeVar("K")
Promise = Callable[[Facts], list[str]]

_ENDED = {
    RunState.succeeded: "✅ Done",
    RunState.failed: "❌ Failed",
    RunState.cancelled: "🛑 Cancelled",
    RunState.rejected: "🛑 Rejected",
}
STARTS = frozenset({"/implement", "/retry", "/triage", "/review", "/survey"})
"""What somebody says who wants a run."""
_APPROVE = re.compile(r"^/approve(?: `?([0-9a-f]{12,64})`?)?$")
_SHOWN = re.compile(r"`/approve ([0-9a-f]{12,64})`")


@dataclass(frozen=True)
class Needs:
    """What a policy asks for a change: so many people of this role, none of them the requester."""

    people: int = 1
    role: Role = "write"


NEEDS: dict[str, Needs] = {}
"""What every policy file asks for that the machine puts into the repository; any other merges nothing."""


# 1 --------------------------------------------------------------------------------------------------------------


def no_event_is_lost(facts: Facts) -> list[str]:
    """What was accepted is stored; what is stored is routed, or waits for a time, or is dead for a reason."""
    stored = {receipt.guid for receipt in facts.received}
    broken = [f"the delivery {guid} was answered 202 and is not stored" for guid in sorted(facts.accepted - stored)]
    for receipt in facts.received:
        match receipt.state:
            case DeliveryState.routed:
                well = receipt.outcome is not None
            case DeliveryState.pending:
                well = receipt.not_before is not None
            case DeliveryState.dead:
                well = receipt.error is not None
        if not well:
            broken.append(f"the delivery {receipt.guid} ({receipt.event}) is {receipt.state}, and nothing says why")
    return broken


# 2 --------------------------------------------------------------------------------------------------------------


def no_run_is_left_at_work(facts: Facts) -> list[str]:
    """At rest: nobody is at work, so each run is over, waits, or is put off to a time that the machine knows."""
    return [
        f"the run {run.id} is {run.state} at rest"
        for run in facts.runs
        if run.state is RunState.running and run.lease_until is None
    ]


def every_run_ends_visibly(facts: Facts) -> list[str]:
    """When all is quiet and time enough has passed: each run is over and says so, or waits for a named person."""
    broken = []
    for run in facts.runs:
        if run.state in TERMINAL:
            broken += _unsaid(facts, run)
        elif run.state is not RunState.waiting or run.waiting is None:
            broken.append(f"the run {run.id} is {run.state}, and nothing will move it")
        elif run.waiting.what is WaitingFor.paths:
            broken += _stuck_behind(facts, run, run.waiting)
        elif run.waiting.person is None:
            broken.append(f"the run {run.id} waits for {run.waiting.what}, and for nobody by name")
        elif f"@{run.waiting.person}" not in "".join(one.body for one in facts.said):
            broken.append(f"the run {run.id} waits for @{run.waiting.person}, who was not told")
    return broken


def _stuck_behind(facts: Facts, run: Run, waiting: Waiting) -> list[str]:
    """Who waits for the paths of another run: that one is not over, is named on GitHub, and does not wait for us."""
    going_on = {one.id: one for one in facts.runs if one.state not in TERMINAL}
    passed, ahead = {run.id}, _ahead(going_on, run)
    while ahead is not None and ahead.id not in passed:
        passed.add(ahead.id)
        if ahead.waiting is None or ahead.waiting.what is not WaitingFor.paths:
            shown = any(one.marker == _marker(f"run:{run.id}:status") and waiting.why in one.body for one in facts.said)
            return [] if shown else [f"the run {run.id} waits for paths, and its status does not say whose"]
        ahead = _ahead(going_on, ahead)
    return [f"the run {run.id} waits for paths that no run will ever give back: {waiting.why}"]


def _ahead(going_on: Mapping[RunId, Run], run: Run) -> Run | None:
    why = run.waiting.why if run.waiting is not None else ""
    return next((one for name, one in going_on.items() if name != run.id and f"`{name}`" in why), None)


def _unsaid(facts: Facts, run: Run) -> list[str]:
    status = [one for one in facts.said if one.marker == _marker(f"run:{run.id}:status")]
    comment = [one for one in facts.said if one.marker == _marker(f"run:{run.id}:end:comment")]
    broken = []
    if status and not all(one.body.startswith(f"**{_ENDED[run.state]}") for one in status):
        broken.append(f"the run {run.id} is {run.state}, and its status says {status[0].body.splitlines()[0]!r}")
    if not status and not comment:
        broken.append(f"the run {run.id} is {run.state}, and nothing on GitHub says so")
    if run.state is RunState.failed and not comment:
        broken.append(f"the run {run.id} failed without a comment that says what to do")
    for issue in _pulls_of(facts, run.id):
        conclusions = {check.conclusion for check in facts.checks if check.external_id == f"{run.id}:approval"}
        if run.state is not RunState.succeeded and not conclusions & {"failure", "cancelled"}:
            broken.append(f"the run {run.id} is {run.state}, and no check of #{issue.number} shows it: {conclusions}")
    return broken


# 3 --------------------------------------------------------------------------------------------------------------


def nothing_unapproved_is_merged(facts: Facts) -> list[str]:
    """Every merge by our App rests on enough people, at that moment, who said yes to exactly these blobs."""
    return [f"#{merged.number} was merged: {why}" for merged in facts.merges for why in _unapproved(facts, merged)]


def _unapproved(facts: Facts, merged: Merged) -> Iterator[str]:
    named = OURS.fullmatch(merged.branch)
    if named is None:
        yield f"{merged.branch} is no branch of a run"
        return
    number, run_id = int(named[1]), named[2]
    requester = next((run.requester for run in facts.runs if run.id == run_id), None)
    if requester not in merged.moment.askers.get(number, ()):
        yield f"@{requester}, for whom it was made, never asked for it"
    if merged.head not in {pushed.after for pushed in facts.pushes if pushed.branch == merged.branch}:
        yield f"the head {merged.head[:12]} is not what our App pushed"
    if merged.approved != merged.brought:
        yield f"it brought {merged.brought}, and approved was {merged.approved}"
    needs = NEEDS.get(merged.moment.policy)
    if needs is None:
        yield "the policy file is none that allows a merge"
        return
    people = {
        login
        for login in {*_by_review(merged), *_by_comment(merged, number)} - {requester}
        if _at_least(merged.moment.roles.get(login, "none"), needs.role)
    }
    if len(people) < needs.people:
        yield f"{len(people)} of {needs.people} people with the role {needs.role} had approved: {sorted(people)}"


def _by_review(merged: Merged) -> set[str]:
    """Who approved this head, and has not asked for changes since."""
    newest = {one.author: one for one in merged.reviews if one.state in {"APPROVED", "CHANGES_REQUESTED"}}
    wants_changes = {login for login, one in newest.items() if one.state == "CHANGES_REQUESTED"}
    return {
        one.author for one in merged.reviews if one.state == "APPROVED" and one.commit == merged.head
    } - wants_changes


def _by_comment(merged: Merged, issue: int) -> set[str]:
    """Who said `/approve` in words nobody touched: to a digest that was shown under this policy, or after it was."""
    words, since = merged.moment.words, merged.moment.policy_at
    shown = {
        digest: one
        for one in reversed(words)
        if one.ours and one.number == merged.number and one.created_at >= since
        for digest in _SHOWN.findall(one.body)
    }
    return {one.author for one in words if one.number in {issue, merged.number} and _approves(one, shown)}


def _approves(words: Words, shown: Mapping[str, Words]) -> bool:
    said = _APPROVE.fullmatch(words.body)
    if said is None or not words.untouched or words.ours:
        return False
    if said[1]:
        return any(digest.startswith(said[1]) or said[1].startswith(digest) for digest in shown)
    return any(words.id > question.id for question in shown.values())


def nothing_is_pushed_before_its_plan_was_approved(facts: Facts) -> list[str]:
    """Where the policy lets every plan wait: a branch appears only after a person said yes to an untouched plan."""
    return [
        f"{pushed.branch} was pushed before a person approved its plan"
        for pushed in facts.pushes
        if "wait: always" in pushed.moment.policy and OURS.fullmatch(pushed.branch) and not _planned(facts, pushed)
    ]


def _planned(facts: Facts, pushed: Pushed) -> bool:
    """Whether a yes came after a plan that nobody had touched by then. The yes may be gone when the work is done."""
    named = OURS.fullmatch(pushed.branch)
    assert named is not None
    touched = {one.words.id: one for one in facts.touched}
    here = [one for one in pushed.moment.words if one.untouched] + [one.words for one in facts.touched]
    here = [one for one in here if one.number == int(named[1])]
    plans = [one for one in here if one.ours and "### Plan" in one.body]
    return any(
        plan.id < one.id and (plan.id not in touched or touched[plan.id].at > one.created_at)
        for plan in plans
        for one in here
        if _APPROVE.fullmatch(one.body) and one.author in facts.once_wrote
    )


def _at_least(role: Role, needed: Role) -> bool:
    return ROLES.index(role) >= ROLES.index(needed)


# 4 --------------------------------------------------------------------------------------------------------------


def no_secret_is_written_anywhere(facts: Facts) -> list[str]:
    return [
        f"{name} stands in {place}"
        for name, secret in facts.secrets.items()
        for place, content in facts.places.items()
        if secret.encode() in content
    ]


def no_branch_but_a_runs_own_is_pushed(facts: Facts) -> list[str]:
    """What our App pushed with git, over nothing but what an earlier round pushed; and what GitHub told of pushes in
    its name."""
    runs = {run.id for run in facts.runs}
    broken = []
    for pushed in facts.pushes:
        named = OURS.fullmatch(pushed.branch)
        if named is None or named[2] not in runs:
            broken.append(f"our App pushed to {pushed.branch}, which is no run's own branch")
        elif pushed.before is not None and not _ours(facts, pushed):
            broken.append(f"our App pushed over {pushed.before[:12]} on {pushed.branch}")
    merges = {merged.sha for merged in facts.merges}
    for delivery in facts.told:
        body = json.loads(delivery.body) if delivery.event == "push" else {}
        if body.get("sender", {}).get("login") == "pullwright[bot]" and body["after"] not in merges:
            branch = body["ref"].removeprefix("refs/heads/")
            if branch not in {pushed.branch for pushed in facts.pushes}:
                broken.append(f"{branch} moved to {body['after'][:12]} in our App's name")
    return broken


def _ours(facts: Facts, pushed: Pushed) -> bool:
    """Whether what was pushed over is what our App itself had pushed there."""
    return pushed.before in {one.after for one in facts.pushes if one.branch == pushed.branch and one is not pushed}


# 5 --------------------------------------------------------------------------------------------------------------


def every_journal_holds(facts: Facts) -> list[str]:
    return [
        f"the journal of {run} is broken at entry {bad}"
        for run, (journal, head) in facts.journals.items()
        if (bad := events.verify(journal, head)) is not None
    ]


def every_effect_is_there_once(facts: Facts) -> list[str]:
    """One comment for each marker, one pull request for each branch, one merge, one check for each id and head."""
    marked = (f"{len(found)} comments carry the marker {mark}" for mark, found in _repeated(facts.said, _mark))
    ours = [issue for issue in facts.issues if issue.app is not None and issue.pull is not None]
    opened = (f"{len(found)} pull requests from {ref}" for ref, found in _repeated(ours, _ref))
    merged = (f"#{number} was merged {len(all_)} times" for number, all_ in _repeated(facts.merges, lambda m: m.number))
    checks = (
        f"{len(found)} checks {key}"
        for key, found in _repeated(facts.checks, lambda check: (check.name, check.external_id, check.head_sha))
    )
    pushed = (
        f"{ref} was pushed {len(all_)} times to {after[:12]}"
        for (ref, after), all_ in _repeated(facts.pushes, lambda push: (push.branch, push.after))
    )
    return [*marked, *opened, *merged, *checks, *pushed]


def no_wish_is_granted_twice(facts: Facts) -> list[str]:
    """No more runs of an issue than times somebody labelled it or commanded one, however often GitHub told of it: of
    whichever workflow."""
    broken = []
    for issue in facts.issues:
        labelled = [one for one in issue.timeline if one.event == "labeled"]
        commanded = [one for one in issue.comments if one.app is None and one.body in STARTS]
        started = [run for run in facts.runs if run.subject.number == issue.number]
        if len(started) > len(labelled) + len(commanded):
            wishes = len(labelled) + len(commanded)
            broken.append(f"#{issue.number} has {len(started)} runs, and was asked for {wishes} times")
    return broken


def every_effect_was_meant(facts: Facts) -> list[str]:
    """Whatever our App did on GitHub was intended before: in the journal of its run, or loose in the outbox."""
    meant = {_marker(f"run:{run}:{one.facts['effect']}") for run, one in _journaled(facts, "effect.intended")}
    meant |= {_marker(key) for key in facts.loose}
    unmeant = [one for one in facts.said if one.marker not in meant]
    kinds = {(run, one.facts["kind"]) for run, one in _journaled(facts, "effect.intended")}
    done = [("push", pushed.branch) for pushed in facts.pushes]
    done += [("pull", _ref(issue)) for issue in facts.issues if issue.app is not None]
    done += [("merge", merged.branch) for merged in facts.merges]
    return [
        *(f"nothing meant to say {one.body[:60]!r} in #{one.number}" for one in unmeant),
        *(
            f"nothing meant the {kind} of {branch}"
            for kind, branch in done
            if (named := OURS.fullmatch(branch)) and (named[2], kind) not in kinds
        ),
    ]


def every_done_effect_says_so(facts: Facts) -> list[str]:
    """What the outbox knows to be done, the journal of its run tells as done, once."""
    told = Counter(f"run:{run}:{one.facts['effect']}" for run, one in _journaled(facts, "effect.done"))
    done = {key for key, state in facts.effects.items() if state is EffectState.done} - facts.loose
    broken = [f"{key} is done {told[key]} times by its journal" for key in sorted(done) if told[key] != 1]
    return broken + [f"the journal tells that {key} is done" for key in sorted(told.keys() - done)]


def _journaled(facts: Facts, name: str) -> Iterator[tuple[str, Event]]:
    for run, (journal, _) in facts.journals.items():
        yield from ((run, one) for one in journal if one.name == name)


def _pulls_of(facts: Facts, run: str) -> list[Issue]:
    ours = [(issue, OURS.fullmatch(_ref(issue))) for issue in facts.issues if issue.app is not None]
    return [issue for issue, named in ours if named is not None and named[2] == run]


def _repeated(found: Iterable[T], key: Callable[[T], K]) -> list[tuple[K, list[T]]]:
    groups: dict[K, list[T]] = {}
    for one in found:
        groups.setdefault(key(one), []).append(one)
    return [(name, group) for name, group in groups.items() if len(group) > 1]


def _mark(said: Said) -> str | int:
    return said.marker or said.id


def _ref(issue: Issue) -> str:
    return issue.pull.head_ref if issue.pull else ""


def _marker(key: str) -> str:
    return marker(key).split()[2]


AT_REST: tuple[Promise, ...] = (
    no_event_is_lost,
    no_run_is_left_at_work,
    nothing_unapproved_is_merged,
    nothing_is_pushed_before_its_plan_was_approved,
    no_secret_is_written_anywhere,
    no_branch_but_a_runs_own_is_pushed,
    every_journal_holds,
    every_effect_is_there_once,
    no_wish_is_granted_twice,
    every_effect_was_meant,
    every_done_effect_says_so,
    every_part_is_begun_once,
    every_item_comes_back_once,
    every_answer_is_somebodys,
)
"""What holds whenever nothing moves."""

QUIET: tuple[Promise, ...] = (*AT_REST, every_run_ends_visibly, no_part_outlives_its_run)
"""What holds when everything works again and time has passed."""


def broken(facts: Facts, promises: Iterable[Promise]) -> list[str]:
    return [f"{promise.__name__}: {why}" for promise in promises for why in promise(facts)]
