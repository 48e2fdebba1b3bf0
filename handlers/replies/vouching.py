"""What people are told who vouch for others, or whose own word is not enough."""

from core.digests import short
from core.github import Pull
from core.names import Digest
from handlers.neutralise import line
from handlers.replies.words import block
from policies.result import Result


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
