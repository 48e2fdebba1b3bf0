"""The policy that a handler decides by, from the facts it was given."""

from core.boards import AlarmKind
from core.errors import PolicyInvalid
from core.facts import Facts
from core.intents import Alarmed, Intent, Say
from core.names import Repo
from handlers import replies
from policies.schema import Policy, effective


def policy_of(facts: Facts) -> Policy:
    """The policy in force. Raises PolicyInvalid where a file is broken, and ValueError where none was asked for."""
    if facts.policy is None:
        raise ValueError("the handler did not ask for the policy")
    file = facts.policy
    return effective(file.operator, file.text, facts.repository.owner_is_organisation, file.path).policy


def broken(error: PolicyInvalid, repo: Repo, number: int, facts: Facts) -> list[Intent]:
    """What is said, once per thread and state of what it was read from, while the policy cannot be read."""
    at = facts.policy.commit if facts.policy is not None else "unknown"
    said = Say(number, replies.policy_broken(error), f"policy:{repo.id}:{number}:{at}")
    return [said, unreadable(error, facts)]


def unreadable(error: PolicyInvalid, facts: Facts) -> Alarmed:
    """The alarm for everybody whom it concerns, where nobody asked as well."""
    return Alarmed(AlarmKind.policy, why=str(error), head=facts.open_head)
