"""The four check runs on a pull request of ours: `tests`, `policy`, `review`, `approval`."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.store import effects
from core.digests import digest, short
from core.effects import Act, PutCheck, worded
from core.github import CheckStatus, Conclusion
from core.names import Digest, RunId, Sha
from core.outputs import Opinion, ReviewVerdict
from core.runs import Run, Step
from core.states import Trigger
from handlers import replies
from handlers.replies import CheckText
from jobs.pull_view import evidence
from jobs.work import Work
from policies.result import Result

PREFIX = "pullwright"
RELEASED = "/released"
"""What the key of a memo ends with that holds the final commit of a change whose CI was held."""


async def put_tests(work: Work, head: Sha, tests: Mapping[str, Any]) -> None:
    report, command = tests["report"], tests["check"]["run"]
    shown = evidence(tests)
    text = replies.check_tests(command, report["verdict"], report["failing"], shown, report["output"])
    await _put(work, "tests", head, Conclusion.success, text)


async def put_policy(work: Work, head: Sha, allowed: Result, *, looked_at: str = "") -> None:
    """What only waits for a person is `action_required`, until `looked_at` says who approved exactly this."""
    if allowed.approved or (allowed.pending and looked_at):
        conclusion = Conclusion.success
    else:
        conclusion = Conclusion.action_required if allowed.pending else Conclusion.failure
    await _put(work, "policy", head, conclusion, replies.check_policy(allowed, looked_at))


async def put_review(work: Work, head: Sha, opinion: Opinion) -> None:
    """A model's opinion approves nothing: concerns are neutral, and a block never comes this far."""
    conclusion = Conclusion.success if opinion.verdict is ReviewVerdict.approve else Conclusion.neutral
    await _put(work, "review", head, conclusion, replies.check_review(opinion))


async def put_approval(work: Work, head: Sha, result: Result | None, change: Digest | None, why: str = "") -> None:
    """Pending is `action_required`, never neutral: somebody has to act."""
    if result is None:
        conclusion = Conclusion.failure
    else:
        conclusion = Conclusion.success if result.approved else Conclusion.action_required
    await _put(work, "approval", head, conclusion, replies.check_approval(result, change, why))


def final_approval(run: Run, memos: Sequence[Step], trigger: Trigger, why: str) -> PutCheck | None:
    """The approval check of a run that ended with its pull request open: red, or cancelled. None where all is well."""
    head = shipped_head(memos)
    if head is None or trigger is Trigger.finish:
        return None
    conclusion = Conclusion.cancelled if trigger is Trigger.cancel else Conclusion.failure
    return _check(run.id, "approval", head, conclusion, replies.check_approval(None, None, why))


def shipped_head(memos: Sequence[Step]) -> Sha | None:
    """The head of the run's pull request as far as the run knows, which its last round pushed; None before there is
    one. `memos` are in the order in which they began."""
    shipped = next((memo.output for memo in reversed(memos) if _is_shipment(memo)), None)
    if shipped is None:
        return None
    released = [memo.output for memo in memos if memo.key.endswith(RELEASED) and memo.state == "done"]
    return Sha(shipped["final"] if shipped.get("final") in released else shipped["head"])


def _is_shipment(memo: Step) -> bool:
    """Told by its shape: a run must be able to end whatever its workflow's text has become to us."""
    return memo.state == "done" and isinstance(memo.output, dict) and {"number", "branch", "head"} <= memo.output.keys()


async def _put(work: Work, name: str, head: Sha, conclusion: Conclusion, text: CheckText) -> None:
    # As it is stored and shown, or a text with a secret in it would always seem to be new.
    check = worded(_check(work.run.id, name, head, conclusion, text), work.services.redactor.text)
    await work.do(f"check:{name}:{await _version(work, name, check)}", check)


async def again(work: Work, name: str, key: str) -> str:
    """Show the run's check of this name again, as it was said last: GitHub was asked for it, and waits."""
    last, _ = await _last(work, name)
    if last is None:
        return "no such check was shown"
    await work.do(f"check:{name}:again:{key}", last)
    return "shown again"


async def _last(work: Work, name: str) -> tuple[Act | None, int]:
    """What the check of this name said last, and how many texts it had."""
    last, number = None, 0
    async with work.services.store.read() as db:
        while (effect := await effects.get(db, work.key(f"check:{name}:{number}"))) is not None:
            last, number = effect.act, number + 1
    return last, number


async def _version(work: Work, name: str, check: Act) -> int:
    """Which text of this check it is: the last one where nothing is new, since that is done, else the next.

    A check may say again what it said before the last time, so its words alone do not tell one text from another.
    """
    last, number = await _last(work, name)
    return number - 1 if last == check else number


def _told(text: CheckText) -> Digest:
    return digest("annotations", *(one.model_dump(mode="json") for one in text.annotations))


def _check(run: RunId, name: str, head: Sha, conclusion: Conclusion, text: CheckText) -> PutCheck:
    return PutCheck(
        name=f"{PREFIX}/{name}",
        head_sha=head,
        # Annotations cannot be taken back: with others it is another check run, and the newest of a name counts.
        external_id=f"{run}:{name}" + (f":{short(_told(text))}" if text.annotations else ""),
        status=CheckStatus.completed,
        conclusion=conclusion,
        title=text.title,
        summary=text.summary,
        text=text.text,
        buttons=text.buttons,
        annotations=text.annotations,
    )
