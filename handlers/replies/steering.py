"""What people are told who hold, steer or question the work."""

from collections.abc import Sequence
from decimal import Decimal

from core.decisions import About, Decision, PassedBy
from core.facts import Spent
from core.holds import Hold
from core.names import Sha
from core.runs import Run
from handlers.neutralise import code, line
from handlers.replies.words import block, money
from policies.render import markdown, of_json

REASON_LIMIT = 300


def held_back(hold: Hold) -> str:
    """Who holds the work, of what, and why."""
    reason = line(hold.reason, REASON_LIMIT)
    if hold.by is None:
        return f"The operator holds all work here: {reason}"
    what = "this" if hold.number is not None else "all work in this repository"
    return f"@{hold.by} holds {what}" + (f": {reason}" if reason else ".")


def held(run: Run, hold: Hold) -> str:
    """Whoever asks for something while somebody holds work: nothing is lost, and nothing is done yet."""
    after = (
        f"Run `{run.id}` continues by itself when the hold ends, and takes into account what was said here meanwhile."
    )
    if hold.by is not None:
        after += f" `{_ends(hold)}` ends it."
    return block(held_back(hold), after)


def holds_now(whole: bool) -> str:
    """A hold has begun."""
    if whole:
        return (
            "All work in this repository is held. Runs stop at their next turn, and nothing new begins "
            "until an admin says `/unhold repository`."
        )
    return "Work on this is held. A run stops at its next turn, and continues after `/unhold`."


def goes_on(whole: bool) -> str:
    """A hold is over."""
    return "Work in this repository continues." if whole else "Work on this continues."


def nothing_held() -> str:
    return "Nothing is held here."


def held_otherwise(hold: Hold) -> str:
    """Somebody wants to end a hold that this word does not end."""
    if hold.by is None:
        return block(held_back(hold), "Only the operator ends that.")
    return block(held_back(hold), f"`{_ends(hold)}` ends it.")


def _ends(hold: Hold) -> str:
    return "/unhold" if hold.number is not None else "/unhold repository"


def nothing_put_off(run: Run) -> str:
    """`/continue` to a run that waits for a person's decision, or for nothing."""
    return f"Run `{run.id}` has nothing to continue: `/status` says what it is waiting for."


def spending(run: Run | None, spent: Spent | None, limit: Decimal) -> str:
    """What was spent, and how much a run may cost."""
    if spent is None:
        return f"Nothing was spent here yet. A run may cost at most {money(limit)}."
    here = f"all runs here together {money(spent.here_usd)}"
    unpriced = ", and calls without a known price" if spent.unpriced else ""
    whose = f"Run `{run.id}` has" if run is not None else "The last run here has"
    raises = " `/budget +2` raises that by two dollars." if run is not None else ""
    return f"{whose} cost {money(spent.run_usd)} of at most {money(limit)}; {here}{unpriced}.{raises}"


def budget_spent(run_id: str, person: str, why: str) -> str:
    """A run waits because it may pay for nothing more. Its work is kept."""
    return block(
        f"@{person}, run `{run_id}` is waiting: {line(why)} Its work so far is kept.",
        "Somebody with the role `write` can let it continue: `/budget +2` adds two dollars. To stop: `/cancel`.",
    )


def budget_raised(limit: Decimal) -> str:
    return f"The run may cost {money(limit)} in all now."


def nothing_to_take(run: Run) -> str:
    return f"Run `{run.id}` has no branch yet that you could take. `/cancel` stops it."


def taken(person: str, pull_number: int) -> str:
    """A pull request is a person's now."""
    return (
        f"@{person}, #{pull_number} and its branch are yours: I will not push to it again. "
        "My checks and earlier approvals do not cover what you add."
    )


def revise_is_empty() -> str:
    return "Say what should be different: `/revise <feedback>`."


def revised_too_often(rounds: int) -> str:
    return (
        f"This was sent back {rounds - 1} times already. Take over the branch with `/take`, or end it with `/reject`."
    )


def wish_taken_up(head: Sha, summary: str) -> str:
    """What became of what somebody said in a review thread."""
    return f"Addressed in {head[:12]}. {line(summary, 500)}".strip()


def nothing_to_revise(run: Run) -> str:
    """`/revise` to a run that asks nobody whether something is right as it is."""
    return f"Nothing of run `{run.id}` that could be revised waits to be approved: see `/status`."


def why(decided: Sequence[Decision], passed_by: Sequence[PassedBy] = ()) -> str:
    """What was decided here last, the newest first, each with its tree; and what was ignored."""
    told = [_decision(one) for one in decided] or ["Nothing was decided here yet."]
    return block(*told, _passed_by(passed_by))


def _passed_by(events: Sequence[PassedBy]) -> str:
    if not events:
        return ""
    rows = (f"- {one.at:%Y-%m-%d %H:%M} UTC, {code(one.event)}: {_ignored(one.why)}" for one in events)
    return "**Ignored here lately**\n\n" + "\n".join(rows)


def _ignored(outcome: str) -> str:
    """The reasons in a delivery's outcome, each once."""
    return line("; ".join(dict.fromkeys(part.removeprefix("ignored: ") for part in outcome.split("; "))))


def _decision(decision: Decision) -> str:
    tree = of_json(decision.tree)
    what = "The last decision about the work here" if decision.about is About.run else "What was last said or done here"
    head = f"**{what}** ({decision.at:%Y-%m-%d %H:%M} UTC): {tree.status.value}. {line(tree.why, 1_000)}"
    return f"{head}\n\n<details><summary>How it was decided</summary>\n\n{markdown(tree)}\n\n</details>"
