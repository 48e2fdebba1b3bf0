"""Gather the facts a handler asks for.

Whoever GitHub says did it is the actor: the role that is looked up is that of the label event's, the comment's or
the review's author, never of the sender a payload names.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core.errors import NotShownYet, NotThere, PolicyInvalid
from core.facts import FactQuery, Facts, OurComment, PolicyFile
from core.github import CheckRun, Comment, GitHub, Issue, LabelEvent, Pull, RepositoryFacts, Review, Turn
from core.names import Repo, Role, is_bot
from core.runs import Run
from core.workflow.catalogue import Catalogue
from jobs import heads
from jobs.boxes import our_comment
from jobs.policy import head_of_default, in_force, read_policy
from jobs.services import Services
from jobs.sources import config_at, workflows_at
from jobs.stored_facts import stored_facts
from policies.people import role_of_bot

SETTLING = timedelta(seconds=10)
"""How long GitHub's API may not show what its webhook has told of already."""


def settled(told_at: datetime, looked_at: datetime) -> bool:
    """Whether what was not there is gone, and not about to appear. `looked_at` is when it began to be looked for: an
    answer may be slow, and what it says as old.
    """
    return looked_at - told_at > SETTLING


async def gather(services: Services, repo: Repo, query: FactQuery, told_at: datetime) -> Facts:
    """The facts, all read now. Raises what GitHub raises: doubt stops here, and the delivery is tried again.

    NotShownYet where something that GitHub told of a moment ago cannot be found: later it is there, or it is gone.
    """
    looked_at = services.clock.now()
    try:
        query, facts = await _gather(services, repo, query, told_at)
        facts = replace(facts, told_at=told_at)
    except NotThere as error:
        if settled(told_at, looked_at):
            raise
        raise NotShownYet(f"{error} It may appear.") from error
    if _lacks(query, facts) and not settled(told_at, looked_at):
        raise NotShownYet(f"GitHub does not show yet what it told of on {repo.full_name}.")
    return facts


def _lacks(query: FactQuery, facts: Facts) -> bool:
    """Whether GitHub shows less than it told of: something is not there, or is not as it was said to be."""
    if query.gone:
        return False
    wanted = (
        (query.comment_id, facts.comment),
        (query.review, facts.review),
        (query.label, facts.labelling),
        (query.check, facts.check),
        (query.turn, facts.turn),
    )
    missing = any(asked is not None and found is None for asked, found in wanted)
    history = facts.ours.history if facts.ours is not None else None
    if query.box is not None and history is not None and history.body != query.box:
        return True
    if query.head is not None and facts.pull is not None and facts.pull.head_sha != query.head:
        return True
    return missing or (query.branch is not None and facts.head != query.branch[1])


def _needed(query: FactQuery, key: str, known: Catalogue) -> FactQuery:
    """The query without what only a start needs, where no workflow listens to what happened."""
    if listening := known.listening(key):
        choosy = any(on.pull_request is not None and on.pull_request.paths for _, on in listening)
        return replace(query, changed=query.changed and choosy)
    less = replace(query, policy=False, thread=False, role_of=None, label=None, branch=None, check=None)
    return replace(less, turn=None, of_author=False, vouching=False, changed=False)


async def _gather(services: Services, repo: Repo, query: FactQuery, told_at: datetime) -> tuple[FactQuery, Facts]:
    """The query without what turned out not to be needed, and the facts."""
    github = services.github.repository(repo)
    repository = await github.repository()
    rules = await github.rules(query.rules) if query.rules is not None else None
    is_required = rules is not None and query.required in rules.required_checks
    config = await config_at(services, github, repo, repository, query.config) if query.config is not None else None
    if (key := query.listening) is not None:
        known = await workflows_at(services, github, repo, await head_of_default(github, repository))
        query = _needed(query, key, known)
        if not known.listening(key) and not query.besides and not is_required:
            app = await services.github.identity()
            return query, Facts(app=app, repository=repository, config=config, workflows=known, rules=rules)
    issue = await _issue(github, query)
    comment = await _comment(github, query)
    labelling = await _labelling(github, query)
    review = await _review(github, query)
    pull = await _pull(github, query)
    turn = await _turn(github, query)
    actor = _actor(query, comment, labelling, review, turn, pull) if query.box is None else None
    stored = await stored_facts(services.store, repo, query, told_at)
    policy = await read_policy(services, repo, github, repository) if query.policy else None
    workflows = None
    if query.workflows:
        sha = policy.sha if policy is not None else await head_of_default(github, repository)
        workflows = await workflows_at(services, github, repo, sha)

    async def role_of(login: str) -> Role:
        return await _role(github, login, policy, repository)

    fork = pull if pull is not None and pull.from_fork(repository.id) else None
    if fork is None and key is not None and not known.listening(key):
        query = replace(query, head=None)  # nothing is worth the wait for it; who pushed to a fork is told but once
    happened = heads.Happened()
    if query.withheld and fork is not None and issue is not None and workflows is not None:
        happened = await heads.happened(github, fork, issue, workflows)
    return query, Facts(
        app=await services.github.identity(),
        repository=repository,
        issue=issue,
        role=await role_of(actor) if actor is not None else None,
        comment=comment,
        ours=await _ours(services, github, query, comment, stored.runs),
        labelling=labelling,
        review=review,
        pull=pull,
        behind_head=await heads.behind(services.store, repo.id, fork, role_of) if fork and query.vouching else (),
        labellings=happened.labellings,
        turns=happened.turns,
        commits=await heads.named(github, query, pull) if pull is not None else {},
        turn=turn,
        changed=await github.changed_by(pull.number) if query.changed and pull is not None else happened.changed,
        head=await github.head_of(query.branch[0]) if query.branch is not None else None,
        check=await _check(github, query),
        rules=rules,
        checks=await github.check_runs(query.checks_on) if query.checks_on is not None and is_required else (),
        thread=await github.comments(query.number) if query.thread and query.number is not None else (),
        policy=policy,
        config=config,
        workflows=workflows,
        runs=stored.runs,
        steps=stored.steps,
        hold=stored.hold,
        board=stored.board,
        decisions=stored.decisions,
        passed_by=stored.passed_by,
        spent=stored.spent,
        usual_usd=stored.usual_usd,
        done=stored.done,
    )


async def _role(github: GitHub, actor: str, policy: PolicyFile | None, repository: RepositoryFacts) -> Role:
    """The role of whoever did it. A bot has what the policy says, which is none where it was not or cannot be read."""
    if not is_bot(actor):
        return await github.role(actor)
    try:
        return role_of_bot(in_force(policy, repository).policy, actor) if policy is not None else Role.none
    except PolicyInvalid:
        return Role.none


def _actor(
    query: FactQuery,
    comment: Comment | None,
    labelling: LabelEvent | None,
    review: Review | None,
    turn: Turn | None,
    pull: Pull | None,
) -> str | None:
    """The login of whoever GitHub says did it; None where nobody's role is asked for."""
    if labelling is not None:
        return labelling.actor.login
    if comment is not None:
        return comment.author.login
    if review is not None:
        return review.author.login
    if turn is not None:
        return turn.actor.login
    if query.of_author and pull is not None:
        return pull.author.login
    return query.role_of


async def _issue(github: GitHub, query: FactQuery) -> Issue | None:
    if query.number is None:
        return None
    try:
        return await github.issue(query.number)
    except NotThere:
        return None  # deleted or moved elsewhere: its run still has to end


async def _comment(github: GitHub, query: FactQuery) -> Comment | None:
    return await github.comment(query.comment_id) if query.comment_id is not None else None


async def _ours(
    services: Services, github: GitHub, query: FactQuery, comment: Comment | None, of_subject: Sequence[Run]
) -> OurComment | None:
    """The comment in which somebody ticked a box, with its history; None where no run of ours wrote it."""
    if query.box is None or comment is None or comment.app_id != (await services.github.identity()).id:
        return None
    for run in of_subject:
        known = await our_comment(services.store, github, run.id, comment)
        if known.written:
            return known
    return None


async def _labelling(github: GitHub, query: FactQuery) -> LabelEvent | None:
    if query.number is None or query.label is None:
        return None
    return await github.labelling(query.number, query.label)


async def _review(github: GitHub, query: FactQuery) -> Review | None:
    return await github.review(*query.review) if query.review is not None else None


async def _pull(github: GitHub, query: FactQuery) -> Pull | None:
    return await github.pull(query.pull) if query.pull is not None else None


async def _turn(github: GitHub, query: FactQuery) -> Turn | None:
    if query.pull is None or query.turn is None:
        return None
    return await github.turn(query.pull, query.turn)


async def _check(github: GitHub, query: FactQuery) -> CheckRun | None:
    if query.check is None:
        return None
    commit, check_id = query.check
    return next((check for check in await github.check_runs(commit) if check.id == check_id), None)
