"""Bots that a policy lists: what they may ask for, and that they approve nothing."""

from datetime import UTC, datetime

import pytest

from core.errors import PolicyInvalid
from core.names import Role
from policies.approving import approver
from policies.considered import Considered, Yes
from policies.deciding import decide
from policies.people import VERBS, may_approve, may_command, may_hold_all, may_start, role_of_bot
from policies.result import Status
from policies.rules import Action
from policies.schema import BuiltIn, built_in, effective, load

BOT = "renovate[bot]"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LISTED = load("bots: {'renovate[bot]': triage}", "p.yml")


def test_a_bot_has_the_role_that_the_policy_says_and_no_other_has_any() -> None:
    assert role_of_bot(LISTED, "Renovate[bot]") is Role.triage
    assert role_of_bot(LISTED, "dependabot[bot]") is Role.none
    assert all(role_of_bot(built_in(name), BOT) is Role.none for name in BuiltIn)


def test_a_listed_bot_starts_what_its_role_may_start() -> None:
    role = role_of_bot(LISTED, BOT)
    assert may_start(LISTED, role=role, actor=BOT, workflow="implement").approved
    strict = load("requesters: write\nbots: {'renovate[bot]': triage}", "p.yml")
    assert not may_start(strict, role=role_of_bot(strict, BOT), actor=BOT, workflow="implement").approved


def test_whatever_its_role_a_bot_may_only_start_ask_and_stop_what_it_started() -> None:
    def may(requester: str | None) -> set[str]:
        said = {verb: may_command(LISTED, verb, role=Role.admin, actor=BOT, requester=requester) for verb in VERBS}
        return {verb for verb, verdict in said.items() if verdict.approved}

    free = {"implement", "retry", "dry-run", "why", "status", "help"}
    assert may("rosa") == free
    assert may(BOT) == free | {"cancel", "reject", "hold", "unhold"}
    assert not may_hold_all("hold", role=Role.admin, actor=BOT).approved


@pytest.mark.parametrize("policy", [built_in(name) for name in BuiltIn])
def test_a_bot_never_approves_not_even_as_an_admin(policy) -> None:
    for gate in ("plan", "change"):
        verdict = may_approve(policy, gate, role=Role.admin, actor=BOT, requester="rosa")
        assert (verdict.status, verdict.why) == (
            Status.denied,
            f"Approving the {gate} is for people, and @renovate[bot] is a bot.",
        )


def test_no_rule_counts_the_approval_of_a_bot() -> None:
    text = "rules: [{name: crew, require: {approvals: 1, from: read}}]\nactions: {merge: [crew]}\n"
    policy = load(text + "bots: {'renovate[bot]': admin}", "p.yml")
    yes = Yes(by=BOT, role=Role.admin, at=NOON)
    known = Considered(action=Action.merge, now=NOON, repository="acme/site", workflow="w", requester="rosa")
    given = known.model_copy(update={"approvals": {"change": (yes,)}})
    assert decide(policy, given, {}).status is Status.pending
    assert approver(policy, "change", yes, known).status is Status.denied
    person = yes.model_copy(update={"by": "ada"})
    assert decide(policy, known.model_copy(update={"approvals": {"change": (person,)}}), {}).approved


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bots: {'acme-bot[bot]': triage}", "`Acme-Bot[bot]` is this App itself, which never listens to what it did"),
        ("bots: {'x[bot]': none}", "`x[bot]` needs a role, `read` at least: to have it ignored, leave it out"),
        ("bots: {'x[bot]': read, 'X[bot]': admin}", "`X[bot]` stands here already, since GitHub's logins ignore case"),
        ("bots: {rosa: triage}", "p.yml:1:14: `rosa` is not the login of a bot, which ends in `[bot]`"),
        ("bots: {'x[bot]': owner}", "`bots.x[bot]`: input should be"),
    ],
)
def test_what_cannot_be_listed_is_named_with_its_place(text: str, why: str) -> None:
    with pytest.raises(PolicyInvalid) as broken:
        load(text.replace("acme-bot", "Acme-Bot"), "p.yml", us="acme-bot[bot]")
    assert why in str(broken.value)
    assert "p.yml:1:" in str(broken.value)


def test_a_repository_lists_no_bot_that_the_operator_does_not() -> None:
    operator = "policy: team\nbots: {'renovate[bot]': triage, 'ci[bot]': read}\n"
    assert effective(operator, "policy: team\n", True).policy.bots == {BOT: Role.triage, "ci[bot]": Role.read}
    assert effective(operator, "bots: {'Renovate[bot]': read}\n", True).policy.bots == {"Renovate[bot]": Role.read}
    assert effective(operator, "bots: {}\n", True).policy.bots == {}
    for repository, why in {
        "bots: {'renovate[bot]': write}": ":1:25: `bots.renovate[bot]: write` is looser than the operator's `triage`",
        "bots: {'mine[bot]': read}": ":1:21: `bots.mine[bot]: read` is looser than the operator's `none`",
    }.items():
        with pytest.raises(PolicyInvalid) as broken:
            effective(operator, repository, True)
        assert why in str(broken.value)


def test_a_policy_without_bots_binds_approvals_to_what_it_did_before() -> None:
    bare, empty = (effective(None, text, True).digest for text in ("policy: team\n", "policy: team\nbots: {}\n"))
    listing = effective(None, "policy: team\nbots: {'renovate[bot]': read}\n", True).digest
    assert bare == empty != listing
