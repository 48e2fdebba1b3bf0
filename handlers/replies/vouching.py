"""What people are told who vouch for others, take something back, or ask what would happen."""

from collections.abc import Sequence
from decimal import Decimal

from core.digests import short
from core.github import Pull
from core.names import Digest
from core.runs import Run
from core.workflow import Workflow
from core.workflow.in_words import in_words
from handlers.neutralise import code, line
from handlers.replies.words import block, money
from policies.result import Result
from policies.schema import Policy, Wait


def needs_ok(result: Result) -> str:
    """What a stranger asked for waits for somebody's word."""
    return f"Not started: {result.why} Somebody who may start it can look at this text and say `/ok-to-run`."


def nothing_to_vouch_for() -> str:
    return "Nobody has asked for anything here that `/ok-to-run` could start."


def vouch_how(verb: str, person: str, covers: Digest) -> str:
    """The digest of what would run: whoever says it has seen what it covers."""
    return (
        f"`/{verb}` by @{person}, with this text as it reads now, is `{short(covers)}`. "
        f"Read it, then say `/ok-to-run {short(covers)}`: it covers exactly that, and no later edit or commit."
    )


def vouched_for_another(verb: str, person: str, covers: Digest) -> str:
    """The digest that was said covers nothing that stands there now."""
    return block(
        "That covers nothing that stands here now: it was edited, or is older.", vouch_how(verb, person, covers)
    )


def strange_head(pull: Pull, verb: str, covers: Digest) -> str:
    """Commits of a stranger's fork: somebody who looked at this one says so."""
    return (
        f"{_theirs(pull, f'`/{verb}`')} Look at it, then say `/ok-to-run {short(covers)}`: that covers exactly this "
        "commit, with the text as it reads now. A push to the fork ends it."
    )


def strange_head_again(pull: Pull, command: str) -> str:
    """`/retry` on a pull request from a stranger's fork."""
    return f"{_theirs(pull, '`/retry`')} Say `/{command}`, and I name the digest that covers it."


def strange_head_unasked(pull: Pull) -> str:
    """What an event would have begun there."""
    return f"{_theirs(pull, 'It')} A label names no commit: a command does, and then `/ok-to-run`."


def _theirs(pull: Pull, what: str) -> str:
    return (
        f"{what} would work with `{pull.head_sha[:12]}`, from a fork of @{line(pull.author.login)}, who may not start "
        "work here."
    )


def undo_when_over(run: Run) -> str:
    return f"Run `{run.id}` is at work here: `/cancel` stops it, and then `/undo` takes back what it did last."


def nothing_to_undo() -> str:
    return "There is nothing of mine here to take back: no label, no comment of a run, no merge."


def labels_undone(labels: Sequence[str]) -> str:
    named = ", ".join(code(label) for label in labels)
    return f"Undone: I take off {named}, which I put on."


def comment_undone(person: str) -> str:
    """What stands in place of a comment that was taken back."""
    return f"*Taken back by @{person} with `/undo`.*"


def undid_comment(url: str) -> str:
    return f"Undone: I take back what I said in {url}."


def undoing_merge(number: int) -> str:
    return f"I merged #{number}: `revert` begins now, and opens a pull request that takes it back."


def no_such_workflow(name: str) -> str:
    return f"There is no workflow {code(name)} here. `/help` lists those that a command starts."


def rehearsed(workflow: Workflow, policy: Policy, may: Result, usual: Decimal | None) -> str:
    """What a run would do, in order, who would be asked, and what it may cost. Nothing of it has happened."""
    steps = "\n".join(
        f"{number}. **{line(step.name or step.id)}**: {line(in_words(step))}"
        + (f" (if {code(step.when)})" if step.when is not None else "")
        for number, step in enumerate(workflow.steps, 1)
    )
    paid = (
        f"such runs cost {money(usual)} here on average" if usual is not None else "no such run was paid for here yet"
    )
    waits = {
        Wait.always: "A plan always waits for an approval.",
        Wait.when_risky: "A plan waits for an approval where it is risky.",
        Wait.never: "A plan waits for nobody.",
    }[policy.plan.wait]
    merged = "by the bot" if policy.merge == "bot" else "by a person"
    return block(
        f"**`{workflow.name}` would do this; nothing was started.**",
        steps,
        f"{waits} A change is merged {merged}.",
        f"**Cost**: {paid}; at most {money(policy.limits.run_cost_usd)}.",
        f"You: {may.why}",
    )


def approving(binds: str, covers: Digest, merge: str, pull_number: int | None) -> str:
    """A bare `/approve` says back what it means, and what follows once it was looked at again."""
    if binds == "plan":
        return f"That approves the plan `{short(covers)}`. Next the change is made, tested and shown as a pull request."
    who = "it is merged" if merge == "bot" else "a person may merge it"
    return f"That approves the change `{short(covers)}` of #{pull_number}. Once nobody else is asked, {who}."
