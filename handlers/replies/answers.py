"""Answers to commands: refusals that name the rule and the remedy, `/status` and `/help`."""

from collections.abc import Sequence
from datetime import datetime

from core.digests import short
from core.errors import BotError
from core.holds import Hold
from core.names import Digest, RunId
from core.runs import Run, Step
from core.states import RunState
from core.workflow.catalogue import Entry
from handlers.listening import usage
from handlers.neutralise import code, line
from handlers.replies.steering import held_back
from handlers.replies.words import block, plural
from handlers.verbs import VERBS, Verb
from policies.result import Result

MISTAKES_SHOWN = 5

_ASKED_OF = {
    "approval": "an approval",
    "answer": "an answer",
    "checks": "checks",
    "time": "a while",
    "budget": "a budget",
    "parts": "its parts",
    "paths": "another run on the same files",
}


def refused(result: Result) -> str:
    """A decision that said no, in its own words."""
    return f"Not done: {result.why}" + (f" {result.remedy}" if result.remedy else "")


def help_(slug: str, verbs: Sequence[Verb] = tuple(VERBS.values())) -> str:
    """Every command, from the table that the parser reads; those of a repository's workflows in its own words."""
    rows = "\n".join(f"| {_cell(code(verb.usage))} | {_cell(line(verb.what))} | {verb.who} |" for verb in verbs)
    return block(
        "Commands stand at the beginning of a line, outside of code and quotes. Editing a comment never runs one.",
        f"| command | what it does | who may |\n| --- | --- | --- |\n{rows}",
        f"Where other bots listen too, write `/pullwright status` or `@{slug} status`.",
    )


def status(run: Run, steps: Sequence[Step], hold: Hold | None = None, in_line: Sequence[Run] = ()) -> str:
    """Where a run stands: its state, what it waits for, and the steps that were begun; and who holds it, and why.

    The memos of what an agent did within a step, whose keys hold a slash, are of no interest here.
    """
    begun = [
        f"- {'✅' if step.state == 'done' else '❌' if step.state == 'failed' else '⏳'} {step.key}"
        for step in steps
        if "/" not in step.key
    ]
    stands = f"Run `{run.id}` of `{run.workflow}`: {_stands(run)}"
    waiting = ", ".join(_in_line(one) for one in in_line)
    after = f"In line behind it: {waiting}." if waiting else ""
    return block(stands, held_back(hold) if hold is not None else "", "\n".join(begun), after)


def in_the_way(run_id: RunId, pull_number: int | None, path: str) -> str:
    """A run may not ship what another one is shipping."""
    whose = f"#{pull_number} of run `{run_id}`" if pull_number is not None else f"Run `{run_id}`"
    return f"{whose} changes {code(path)} too: this continues when that run is over."


def _in_line(run: Run) -> str:
    return f"`{run.id}` of `{run.workflow}`"


def too_many_open(limit: int, numbers: Sequence[int]) -> str:
    """A pull request more than the policy allows is not opened yet."""
    listed = ", ".join(f"#{number}" for number in numbers[:10]) or "others that are just being opened"
    most = plural(limit, "pull request")
    return (
        f"At most {most} of the bot may be open here (now {listed}): this waits until one of them is closed or merged."
    )


def quiet(until: datetime) -> str:
    """Nothing begins in quiet hours."""
    return f"Quiet hours last until {until:%Y-%m-%d %H:%M} UTC (`quiet_hours` in the policy). The run continues then."


def nothing_here() -> str:
    return "There has been no run here yet. `/implement` starts one."


def already_running(run: Run) -> str:
    return f"Run `{run.id}` is already working on this: {_stands(run)} `/cancel` stops it."


def nothing_waits(run: Run | None, what: str = "an approval") -> str:
    if run is None:
        return f"Nothing waits for {what} here: no run is active."
    return f"Nothing waits for {what} here: run `{run.id}` is {_stands(run)}"


def no_run_to(verb: str) -> str:
    return f"There is nothing to {verb}: no run is active here."


def next_in_line(in_line: Sequence[Run]) -> str:
    """What `/cancel` leaves there."""
    first, *others = in_line
    after = f" After it: {', '.join(_in_line(one) for one in others)}." if others else ""
    return f"Next in line is run {_in_line(first)}, which begins now: `/cancel {first.id}` stops that one too.{after}"


def out_of_line(run: Run) -> str:
    return f"Run {_in_line(run)} is cancelled: it does nothing, and ends when it is its turn."


def nothing_to_retry() -> str:
    return "There is nothing to retry: no run has ended here. `/implement` starts one."


def older(binds: str, current: Digest) -> str:
    """An approval of content that is no longer what the gate asks about."""
    return f"That is an older {binds}. The current one is `{short(current)}`: `/approve {short(current)}`."


def written_before(binds: str, current: Digest) -> str:
    """A bare `/approve` from before the gate asked: nobody approves what they have not seen."""
    asked = f"If you have read it, say which one: `/approve {short(current)}`."
    return f"That was written before this {binds} was posted. {asked}"


def approve_in_review() -> str:
    return "A review approves by its own verdict: choose *Approve*, or write `/approve` in a comment."


def older_head(current: str) -> str:
    """A review of a head that is no longer there."""
    return f"That review is of an older commit. The pull request is at `{current[:12]}` now: look at that one."


def how_to_approve(current: Digest | None) -> str:
    """Whoever pressed the button of that name: no button approves."""
    if current is None:
        return "Nothing waits for an approval here just now."
    return (
        "A button cannot approve: GitHub says only once who pressed it, and cannot confirm that before the merge. "
        f"Approve the pull request in a review, or comment `/approve {short(current)}`."
    )


def approving(binds: str, covers: Digest, merge: str, pull_number: int | None) -> str:
    """What `/approve` covers and what follows, in one line; whether it counts is looked at again when it is applied."""
    if binds == "plan":
        return f"Approving plan `{short(covers)}`. Next: the change, its tests, a pull request."
    after = "the merge" if merge == "bot" else "a person may merge it"
    return f"Approving change `{short(covers)}` of #{pull_number}. Next, if no other approval is missing: {after}."


def branch_differs(number: int) -> str:
    return f"The head of #{number} changed since this button was shown: look at the new one."


def edits_never_run(changed: bool) -> str:
    """An edit that adds, changes or removes commands."""
    if changed:
        return "Editing a comment runs no command: write a new comment."
    return "The comment was edited before it was read, so nothing in it was run: write a new comment."


def not_understood(why: str) -> str:
    """A comment that was meant for us and cannot be done as it stands; nothing in it was done."""
    return f"Nothing was done: {why}"


def only_on_issues(verb: str) -> str:
    return f"`/{verb}` starts work on an issue; this is a pull request. Say it on the issue."


def only_on_pulls(verb: str) -> str:
    return f"`/{verb}` is about a pull request; this is an issue. Say it on the pull request."


def closed_subject(verb: str, on_pull: bool) -> str:
    return f"This {'pull request' if on_pull else 'issue'} is closed: reopen it, then `/{verb}` again."


def not_listening(verb: str) -> str:
    return f"No workflow of this repository listens to `/{verb}`."


def workflow_broken(entry: Entry) -> str:
    """A label or command of a workflow whose file on the default branch has mistakes: the first of them."""
    first = "\n".join(f"- {line(one)}" for one in entry.mistakes[:MISTAKES_SHOWN])
    more = len(entry.mistakes) - MISTAKES_SHOWN
    return block(
        f"Nothing was started: {code(entry.path)} has {plural(len(entry.mistakes), 'mistake')} on the default branch.",
        first + (f"\n- and {more} more" if more > 0 else ""),
        f"`pullwright workflow validate {entry.path}` shows all of them in a checkout.",
    )


def wrong_inputs(entry: Entry, mistakes: Sequence[str]) -> str:
    """What a workflow was given does not fit what it takes."""
    listed = "\n".join(f"- {one}" for one in mistakes[:MISTAKES_SHOWN])
    how = f"Say {code(usage(entry))}." if entry.command else "It listens to no command that could give them."
    return block(f"{code(entry.name)} was not started:", listed, how)


def policy_broken(error: BotError) -> str:
    return block("Nothing runs here while the policy cannot be read.", _listed(str(error)), error.remedy())


def _cell(text: str) -> str:
    """A harmless line as it may stand in a table, also in code."""
    return text.replace("|", "\\|")


def _listed(text: str) -> str:
    return "\n".join(f"- {line(row)}" for row in text.splitlines() if row.strip())


def _stands(run: Run) -> str:
    if run.state is RunState.waiting and run.waiting is not None:
        whom = f" by @{run.waiting.person}" if run.waiting.person else ""
        return f"waiting for {_ASKED_OF[run.waiting.what]}{whom}."
    if run.ended_why:
        return f"{run.state}: {line(run.ended_why)}"
    return f"{run.state}."
