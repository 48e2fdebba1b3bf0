"""Where `pullwright/approval` is required of every pull request: people's own, and merge groups, are answered at once.

A check belongs to a commit and not to a pull request. So nothing is answered on a commit that a run of ours has a check
on: whoever opens a pull request of their own from the head of the bot's would approve the bot's with it.
"""

from core.effects import PutCheck
from core.facts import Facts
from core.github import CheckRun, CheckStatus, Conclusion
from core.intents import Ignore, Intent, ShowCheck
from core.names import Repo, Sha, run_of_branch
from handlers import configuration, replies

APPROVAL = "pullwright/approval"
GROUPS = "gh-readonly-queue/"
"""What the branches of merge groups begin with; while there is a queue, nobody else can push there."""


def of_pull(repo: Repo, head: Sha, facts: Facts) -> list[Intent]:
    """The answer to a pull request of somebody's own at this head; nothing where none is asked for."""
    pull, asked = facts.pull, _asked(facts)
    if not asked or pull is None:
        return []
    if pull.app_authored or run_of_branch(pull.head_ref) is not None:
        return [Ignore("our own pull request")]
    if not pull.open or pull.head_sha != head:
        return [Ignore("the pull request is closed, or has moved on")]
    return _answered(repo, head, facts, merge_group=False)


def of_group(repo: Repo, branch: str, head: Sha, facts: Facts) -> list[Intent]:
    """The answer to a merge group: what is in it was approved before it got into the queue."""
    if not _asked(facts):
        return [Ignore("nobody requires our check here")]
    if facts.rules is None or not facts.rules.merge_queue or not branch.startswith(GROUPS):
        return [Ignore("no merge queue makes groups here")]
    if facts.head != head:
        return [Ignore("the merge group is gone")]
    return _answered(repo, head, facts, merge_group=True)


def _asked(facts: Facts) -> bool:
    return facts.rules is not None and APPROVAL in facts.rules.required_checks


def _answered(repo: Repo, head: Sha, facts: Facts, *, merge_group: bool) -> list[Intent]:
    if any(_of_a_run(check, facts.app.id) for check in facts.checks):
        return [Ignore("a run of ours has its checks on this commit")]
    text = replies.check_not_ours(merge_group)
    check = PutCheck(
        name=APPROVAL,
        head_sha=head,
        external_id=f"people:{repo.id}:{head}",
        status=CheckStatus.completed,
        conclusion=Conclusion.success,
        title=text.title,
        summary=text.summary,
    )
    return [ShowCheck(check=check, key=f"check:not-ours:{repo.id}:{head}")]


def _of_a_run(check: CheckRun, app: int) -> bool:
    return check.app_id == app and check.name != configuration.NAME and not check.external_id.startswith("people:")
