"""What people are told who vouch for others, or whose own word is not enough."""

from collections.abc import Sequence

from core.digests import short
from core.github import Pull
from core.heads import Behind
from core.names import Digest
from handlers.neutralise import code, line
from handlers.replies.words import block
from policies.result import Result


def needs_ok(result: Result) -> str:
    """What a stranger asked for waits for somebody's word."""
    return f"Not started: {result.why} Somebody who may start it can look at this text and say `/ok-to-run`."


def nothing_to_vouch_for() -> str:
    return "Nobody has asked for anything here that `/ok-to-run` could start."


def vouch_how(verb: str, person: str, covers: Digest, pull: Pull | None = None) -> str:
    """The digest of what would run: a person who says it has seen what it covers."""
    return _how(f"`/{verb}` by @{person}{_at(pull)}", covers)


def vouch_how_for_answer(person: str, covers: Digest) -> str:
    """The digest of a stranger's answer to what a run asks."""
    return (
        f"The answer of @{person}, as it reads now, is `{short(covers)}`. "
        f"Read it, then say `/ok-to-run {short(covers)}`: the run continues with exactly that, not with a later edit."
    )


def vouch_how_for_events(workflows: Sequence[str], covers: Digest, pull: Pull) -> str:
    """The digest of what runs automatically on a pull request, and did not."""
    return _how(f"Everything that runs automatically here ({_names(workflows)}){_at(pull)}", covers)


def vouched_for_another(how: Sequence[str]) -> str:
    """What was said covers nothing that is there now; `how` says what does."""
    return block("That matches nothing here now: the text was edited, or there is a newer commit.", *how)


def vouched(pull: Pull, what: str, covers: Digest) -> str:
    """What somebody let run by naming a commit: all that this stood for."""
    return (
        f"{what[:1].upper()}{what[1:]} starts{_at(pull)}, with the text as it reads now "
        f"(`{short(covers)}`), because you named `{pull.head_sha}`."
    )


def vouched_before(pull: Pull) -> str:
    """The commit was let run with before, or nothing that was requested here waits for it."""
    return f"Nothing waits for `/ok-to-run` at `{pull.head_sha[:12]}`: what was requested here has already started."


def vouched_command(verb: str, person: str) -> str:
    """What a command comes to be called in `vouched()`."""
    return f"`/{verb}` by @{person}"


def vouched_events(workflows: Sequence[str]) -> str:
    """What events would have begun, in `vouched()`."""
    return f"everything that runs automatically here ({_names(workflows)})"


def digits_name_no_one_commit(pull: Pull) -> str:
    """Another commit begins with these digits as well, or GitHub does not say."""
    return (
        "More than one commit may begin with these digits. Look at the pull request, then name the whole commit: "
        f"`/ok-to-run {pull.head_sha}`."
    )


def names_two_things(pull: Pull) -> str:
    """What was said is a digest and a commit."""
    return f"That is the beginning of a digest and of a commit. Name the whole commit: `/ok-to-run {pull.head_sha}`."


def commit_is_not_all(how: Sequence[str]) -> str:
    """A commit was named, and who named it may not have seen all that goes with it."""
    return block(
        "The commit alone does not stand for this: a text was edited, or the request was made less than 30 seconds "
        "before you named it.",
        *how,
    )


def answer_needs_ok(result: Result) -> str:
    """A stranger answered a question."""
    return f"Not done: {result.why} Somebody who may answer can look at this answer and say `/ok-to-run`."


def vouched_answer_changed() -> str:
    """The answer that somebody vouched for reads differently now."""
    return (
        "That answer does not count: its comment was edited or deleted after somebody vouched for it. "
        "`/ok-to-run` alone says what can be vouched for now."
    )


def strange_head(pull: Pull, who: Behind, verb: str, covers: Digest) -> str:
    """Commits of a stranger's fork: somebody who looked at this one says so."""
    return (
        f"{_theirs(pull, who, f'`/{verb}`')} Look at it, then say `/ok-to-run {short(covers)}`: that covers exactly "
        "this commit, with the text as it reads now. A push to the fork ends it."
    )


def strange_head_again(pull: Pull, who: Behind, command: str) -> str:
    """`/retry` on a pull request from a stranger's fork."""
    return f"{_theirs(pull, who, '`/retry`')} Say `/{command}`, and I name the digest that covers it."


def strange_head_unasked(pull: Pull, who: Behind) -> str:
    """What an event would have begun there."""
    return f"{_theirs(pull, who, 'It')} Somebody who may start it can look at that commit and say `/ok-to-run`."


def _how(what: str, covers: Digest) -> str:
    return (
        f"{what}, with the text as it reads now, is `{short(covers)}`. "
        f"Read it, then say `/ok-to-run {short(covers)}`: it covers exactly that, and no later edit or commit."
    )


def _at(pull: Pull | None) -> str:
    return f" at `{pull.head_sha[:12]}` for {code(pull.base_ref)}" if pull is not None else ""


def _names(workflows: Sequence[str]) -> str:
    return ", ".join(code(name) for name in workflows)


def _theirs(pull: Pull, who: Behind, what: str) -> str:
    return f"{what} would work with `{pull.head_sha[:12]}`, {_whose(who)}."


def _whose(who: Behind) -> str:
    """Because of whom the head must be looked at first."""
    person = f"@{line(who.login)}" if who.login is not None else None
    match who.part, person:
        case "pushed", None:
            return "from a fork that somebody has pushed to since; GitHub did not say who"
        case "pushed", _:
            return f"pushed to a fork by {person}, who may not start work here"
        case _, None:
            return "from a fork that belongs to no person whose role here could be looked up"
        case "owns", _:
            return f"from a fork that belongs to {person}, who may not start work here"
        case _:
            return f"from a fork of {person}, who may not start work here"
