"""Gather what the rules of a policy look at, for one run at one point: only what the policy in force asks for.

Whatever is temporarily away raises, and the step is tried again. What GitHub will never tell us (a permission that the
App lacks, a CODEOWNERS file that cannot be read) is told as a failed look-up: the rules make a refusal of it that says
why.
"""

from collections.abc import Iterable, Mapping, Sequence

from core.ci import told
from core.errors import PermissionMissing
from core.names import Role, Sha
from core.runs import Approval
from core.workflow import Gate
from jobs import handed
from jobs.work import Work
from policies.approving import approver
from policies.codeowners import MAX_BYTES, PLACES, Unreadable, owners_of, parse
from policies.considered import Binds, Considered, Person, Yes
from policies.needs import Needs, needs
from policies.people import GateName, may_approve
from policies.result import Result
from policies.rules import Action
from policies.schema import Policy

OUR_SIDE = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""Author associations of people who belong to the repository; everybody else is a stranger."""


async def consider(
    work: Work,
    policy: Policy,
    action: Action,
    *,
    paths: Sequence[str],
    pushers: tuple[str, ...] = (),
    tree: Sha | None = None,
    head: Sha | None = None,
) -> Considered:
    """The facts about the run before this action, without approvals.

    `paths` is what the plan or the change touches, `pushers` is who is an author of some of the change besides the run
    (`jobs.pushers`); `tree` is what was made, `head` the commit that was pushed.
    """
    asked, run, failed = needs(policy, action), work.run, dict[str, str]()
    plan = handed.plan(work)
    owners = await _owners(work, paths, failed) if asked.owners else None
    diff = await (await work.bench()).workspace.diff(run.base_sha, tree) if asked.lines and tree is not None else None
    considered = Considered(
        action=action,
        now=work.services.clock.now(),
        repository=run.repo.full_name,
        workflow=run.workflow,
        requester=run.requester,
        title=run.snapshot.title,
        base=run.base_ref,
        author=run.snapshot.author or None,
        pushers=pushers,
        labels=await _labels(work) if asked.labels else None,
        stranger_text=stranger_text(work),
        questions=plan.questions if plan is not None else (),
        cost_usd=plan.estimate_usd if plan is not None else None,
        paths=tuple(paths),
        added=diff.additions if diff is not None else None,
        deleted=diff.deletions if diff is not None else None,
        binary=tuple(diff.binary) if diff is not None else None,
        owners=owners,
        checks=await _checks(work, head, tree) if asked.checks and head is not None else None,
        failed=failed,
    )
    wanted = {"requester": run.requester, "author": run.snapshot.author}
    people = {wanted[who] for who in asked.people}
    return await _with_people(work, considered, people, {*asked.teams_of_people, *_owning(considered)}, roles=True)


async def with_approvals(
    work: Work, policy: Policy, considered: Considered, given: Mapping[Binds, Sequence[Approval]]
) -> Considered:
    """The same with these approvals, and with the teams of whoever gave them where a rule asks for teams."""
    asked = needs(policy, considered.action)
    yeses: dict[Binds, tuple[Yes, ...]] = {
        binds: tuple(_yes(approval) for approval in approvals) for binds, approvals in given.items()
    }
    who = {yes.by for each in yeses.values() for yes in each}
    known = considered.model_copy(update={"approvals": yeses})
    return await _with_people(work, known, who if asked.teams_of_approvers else set(), _approving(asked, considered))


async def may_approve_here(
    work: Work,
    policy: Policy,
    gate: GateName,
    considered: Considered | None,
    pushers: tuple[str, ...],
    *,
    login: str,
    role: Role,
) -> Result:
    """Whether the approval of this person, with the role of now, counts for anything at this gate.

    `considered` is None where the policy's simple keys decide; `pushers` are those of what the gate asks about.
    """
    if considered is None:
        return may_approve(policy, gate, role=role, actor=login, requester=work.run.requester, authors=pushers)
    asked = needs(policy, considered.action)
    known = await _with_people(work, considered, {login}, _approving(asked, considered))
    return approver(policy, gate, Yes(by=login, role=role, at=known.now), known)


def gate_before(work: Work, binds: GateName) -> str | None:
    """The id of the workflow's last gate of this kind; None where it has none."""
    gates = [
        step.id for step in work.workflow.every_step if isinstance(step.action, Gate) and step.action.binds == binds
    ]
    return gates[-1] if gates else None


def stranger_text(work: Work) -> bool:
    """Whether the run rests on words of people who do not belong to the repository."""
    snapshot = work.run.snapshot
    associations = {snapshot.author_association, *(c.author_association for c in snapshot.comments)}
    return not associations <= OUR_SIDE


def _yes(approval: Approval) -> Yes:
    role = Role(approval.role) if approval.role in set(Role) else Role.none
    return Yes(by=approval.actor, role=role, at=approval.at, void=approval.voided_why)


def _approving(asked: Needs, considered: Considered) -> set[str]:
    return {*asked.teams_of_approvers, *_owning(considered)}


def _owning(considered: Considered) -> set[str]:
    """The teams that own what is touched, where owners are asked for at all."""
    owners = (considered.owners or {}).values()
    return {owner.removeprefix("@") for each in owners for owner in each if owner.startswith("@") and "/" in owner}


async def _with_people(
    work: Work, considered: Considered, logins: Iterable[str], teams: set[str], *, roles: bool = False
) -> Considered:
    """The same with, for each team, whether these people are in it, and with their roles where that is asked."""
    people, failed = dict(considered.people), dict(considered.failed)
    for login in sorted(set(logins)):
        known = considered.person(login)
        role = await work.role(login) if roles else known.role
        inside = dict(known.teams)
        for team in sorted(teams - inside.keys()):
            organisation, _, slug = team.partition("/")
            try:
                inside[team] = await work.github.in_team(organisation, slug, login)
            except PermissionMissing as error:
                failed[f"team:{team}"] = str(error)
        people[login] = Person(role=role, teams=inside)
    return considered.model_copy(update={"people": people, "failed": failed})


async def _labels(work: Work) -> tuple[str, ...]:
    """The labels of the subject and of the run's pull request, as they are now."""
    numbers = dict.fromkeys(number for number in (work.number, work.run.pull_number) if number)
    return tuple(dict.fromkeys([label for number in numbers for label in (await work.github.issue(number)).labels]))


async def _owners(work: Work, paths: Sequence[str], failed: dict[str, str]) -> dict[str, tuple[str, ...]] | None:
    """Who owns the paths by the CODEOWNERS of the base branch as it is now; nobody where there is no such file.

    Never the file of the change: it would say who may approve it.
    """
    head = await work.github.head_of(work.run.base_ref)
    if head is None:
        failed["owners"] = f"the branch `{work.run.base_ref}` is gone"
        return None
    for place in PLACES:
        raw = await work.github.file(place, head)
        if raw is None:
            continue
        try:
            if len(raw) > MAX_BYTES:
                raise Unreadable("it is too large")
            return owners_of(paths, parse(raw.decode("utf-8")))
        except (Unreadable, UnicodeDecodeError) as error:
            why = str(error) if isinstance(error, Unreadable) else "it is not UTF-8"
            failed["owners"] = f"`{place}` cannot be read: {why}"
            return None
    return dict.fromkeys(paths, ())


async def _checks(work: Work, head: Sha, tree: Sha | None) -> dict[str, str]:
    """How each check on the head stands. `tests` is ours, whoever else reports something of that name.

    Where two services use one name, the one that is not green counts.
    """
    found: dict[str, str] = {}
    for one in told(await work.github.check_runs(head), await work.github.statuses(head), ours=(await work.app()).id):
        if found.get(one.name, "green") == "green":
            found[one.name] = one.standing.value
    tests = handed.checked(work)
    found["tests"] = "green" if tests is not None and tests["tree"] == tree else "pending"
    return found
