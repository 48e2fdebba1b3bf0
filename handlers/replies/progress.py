"""What a run shows while it works: one status comment, edited in place, and one new comment for every wait."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from core.digests import short
from core.names import Digest
from core.runs import Approval
from core.states import RunState
from handlers.neutralise import line
from handlers.replies.words import approve_how, block, money

StepState = Literal["todo", "doing", "waiting", "done", "skipped", "failed"]

MOST_LAPSED = 5
"""Approvals that count no more of which people are told: the newest."""

_BOX: Mapping[StepState, str] = MappingProxyType(
    {"todo": "[ ]", "doing": "[ ]", "waiting": "[ ]", "done": "[x]", "skipped": "[x]", "failed": "[ ]"}
)
_SAYS: Mapping[StepState, str] = MappingProxyType(
    {"todo": "", "doing": "in progress", "waiting": "waiting", "done": "", "skipped": "skipped", "failed": "failed"}
)
_HEAD: Mapping[RunState, str] = MappingProxyType(
    {
        RunState.queued: "⏳ Queued",
        RunState.running: "🚀 Working",
        RunState.waiting: "✋ Waiting",
        RunState.succeeded: "✅ Done",
        RunState.failed: "❌ Failed",
        RunState.cancelled: "🛑 Cancelled",
        RunState.rejected: "🛑 Rejected",
    }
)


@dataclass(frozen=True, slots=True)
class StepView:
    """One line of the checklist. `note` is what the step came to, or what it does now."""

    name: str
    state: StepState
    note: str = ""


@dataclass(frozen=True, slots=True)
class RunView:
    """What the status comment shows of a run.

    `cost_usd` is what was spent so far where prices are known; `unpriced` says that some calls had no known price.
    """

    run: str
    workflow: str
    state: RunState
    steps: Sequence[StepView]
    cost_usd: Decimal
    unpriced: bool
    limit_usd: float
    why: str = ""
    """What it waits for, or why it ended."""
    pull_number: int | None = None
    url: str | None = None
    """The run's page, where the service has a public address."""


def status_comment(view: RunView) -> str:
    """The one comment that says where a run stands."""
    head = f"**{_HEAD[view.state]}**" + (f": {line(view.why)}" if view.why else "")
    spent = money(view.cost_usd) + (" and calls without a known price" if view.unpriced else "")
    facts = [f"cost {spent}, at most {money(view.limit_usd)}", f"workflow `{view.workflow}`"]
    facts.append(f"run [`{view.run}`]({view.url})" if view.url else f"run `{view.run}`")
    if view.pull_number is not None:
        facts.insert(0, f"pull request #{view.pull_number}")
    return block(head, "\n".join(_step(step) for step in view.steps), f"<sub>{' · '.join(facts)}</sub>")


def waiting(
    person: str,
    what: str,
    digest: Digest,
    why: str,
    look: str = "",
    lapsed: Sequence[Approval] = (),
    since: str = "",
) -> str:
    """One new comment per wait, naming the one person it waits for: an edit would notify nobody.

    `what` is `plan` or `change`; `look` says what in it somebody must see before they approve; `lapsed` are approvals
    that were given and count no more; `since` says, in words of ours, what became another since people were asked.
    """
    also = f"Look at this before you approve. {line(look, 2_000)}" if look else ""
    asks = f"@{person}, this {what} needs your approval. {line(why, 1_000)}"
    return block(asks, since, "\n".join(_lapsed(one) for one in lapsed[-MOST_LAPSED:]), also, approve_how(digest))


def _lapsed(approval: Approval) -> str:
    if approval.voided_why is not None:
        return f"- The approval of @{approval.actor} no longer counts: {line(approval.voided_why).rstrip('.')}."
    return f"- @{approval.actor} approved `{short(approval.digest)}`: since then the content or the policy has changed."


def _step(step: StepView) -> str:
    says = ": ".join(part for part in (_SAYS[step.state], line(step.note)) if part)
    name = f"**{line(step.name)}**" if step.state in {"doing", "waiting", "failed"} else line(step.name)
    return f"- {_BOX[step.state]} {name}" + (f" — {says}" if says else "")
