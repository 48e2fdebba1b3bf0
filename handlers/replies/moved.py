"""What is said where a change does not stand as it stood: its base moved under it, or somebody pushed to its branch."""

from collections.abc import Sequence

from core.names import Sha
from handlers.neutralise import code, line
from handlers.replies.words import block, paths, plural

Commits = Sequence[tuple[Sha, str]]
"""Commits of the base, each with its first line: the words of whoever wrote it."""
SHOWN_COMMITS = 8
SHOWN_NOBODYS = 5


def moved_onto(base: str, was: Sha, now: Sha, touched: Sequence[str], commits: Commits, *, same_lines: bool) -> str:
    """What a gate says first that asks again: the change lies on another base, and went together with it by itself.

    Where nothing of it was `touched`, it did not lie on the base any more.
    """
    why = "under files that this change touches" if touched else "and this change did not lie on it any more"
    own = "line for line what it was" if same_lines else "not line for line what it was: look at it again"
    return block(
        f"{code(base)} moved from {was[:12]} to {now[:12]}, {why}, so I put the change "
        f"onto it and tested it again. What the change does by itself is {own}. "
        "Earlier approvals no longer count.",
        _moved(touched, commits),
    )


def moved_into(base: str, was: Sha, now: Sha, conflicts: Sequence[str], commits: Commits) -> str:
    """What a gate says first that asks again: both changed the same lines, and a model made one of both."""
    return block(
        f"{code(base)} moved from {was[:12]} to {now[:12]} and changed the same lines as this change. A model made one "
        "of both, and it was tested again: look there first. Earlier approvals no longer count.",
        _moved(conflicts, commits),
    )


def moved_apart(person: str, base: str, conflicts: Sequence[str], commits: Commits, why: str) -> str:
    """A change that does not go onto its base any more, and that nobody but people can put there. The run waits."""
    return block(
        f"@{person}, this change and {code(base)} do not go together any more. {line(why, 500)}",
        _moved(conflicts, commits),
        "Nothing is merged, and nothing is lost. `/take` makes the pull request yours, to put it onto "
        f"{code(base)} by hand; `/retry` on the issue makes a fresh change; `/cancel` ends it. Where "
        f"{code(base)} is such that both go together again, `/continue` has me look.",
    )


def pushed_over(person: str | None, requester: str, branch: str, head: Sha) -> str:
    """Somebody pushed to a run's branch: they and whoever asked for the work say what becomes of it."""
    whom = " ".join(f"@{one}" for one in dict.fromkeys(one for one in (person, requester) if one is not None))
    return (
        f"{whom}, `{line(branch, 200).replace('`', '')}` is at {head[:12]} now, which is not what I tested. I stop "
        f"here, and write over nobody's commits. `/continue` has me continue with {head[:12]}: I test it and ask for "
        "approval again. `/take` makes the pull request yours; `/reject` ends it. Once the branch is back as it was, I "
        "continue."
    )


def pushed_since(shown: Sha | None, head: Sha) -> str:
    """`/continue` by somebody whom nobody had shown yet what they would go on with."""
    last = f"What you saw was {shown[:12]}. " if shown is not None else ""
    return f"{last}The branch is at {head[:12]} now. Say `/continue` again to have me continue with that."


def not_adopted(head: Sha, why: str, remedy: str = "") -> str:
    """What was pushed cannot be gone on with; the run waits as before."""
    return block(f"I cannot continue with {head[:12]}: {line(why, 1_000)}", line(remedy, 500))


def nobodys(head: Sha, commits: Sequence[Sha]) -> str:
    """What was pushed has commits of which nobody can be told whose they are; the run waits as before."""
    which = _named(commits)
    why = f"GitHub says neither who pushed {which} nor which account wrote it, and that person counts as an author."
    later = (
        "Say `/continue` again in some minutes. If GitHub does not say it then either, `/take` makes the pull request"
    )
    return not_adopted(head, why, f"{later} yours.")


def adopted(head: Sha, by: str, pushers: Sequence[str], wrote: Sequence[str] = (), unpushed: Sequence[Sha] = ()) -> str:
    """What a gate says first that asks about what somebody pushed. People are named in `wrote` for commits that a bot
    pushed, and for those `unpushed`, which nobody did as far as GitHub says.
    """
    who = ", ".join(f"@{one}" for one in pushers)
    are = "is its author" if len(pushers) == 1 else "are its authors"
    return (
        f"@{by} had me continue with {head[:12]}, which {who} pushed. It was tested as it is. {who} "
        f"{are} as much as I am: where policy asks for somebody else than the requester, it asks for somebody else "
        f"than them, too.{_named_in(wrote, unpushed)} Earlier approvals no longer count."
    )


def _named_in(people: Sequence[str], unpushed: Sequence[Sha]) -> str:
    if not people:
        return ""
    what = _named(unpushed) if unpushed else "some of it"
    who, count = ", ".join(f"@{one}" for one in people), "counts" if len(people) == 1 else "count"
    return f" GitHub names no person who pushed {what}, so {who}, named in its commits, {count} as an author as well."


def _named(commits: Sequence[Sha]) -> str:
    more = f" and {len(commits) - SHOWN_NOBODYS} more" if len(commits) > SHOWN_NOBODYS else ""
    return ", ".join(sha[:12] for sha in commits[:SHOWN_NOBODYS]) + more


def _moved(names: Sequence[str], commits: Commits) -> str:
    listed = [f"- {sha[:12]} {line(subject, 100)}" for sha, subject in commits[:SHOWN_COMMITS]]
    more = ", and more," if len(commits) > SHOWN_COMMITS else ""
    by = f"{plural(len(listed), 'commit')} of it{more} did that:"
    changed = "\n".join(["It changed:", *paths(names, 10)]) if names else ""
    return block(changed, "\n".join([by, *listed]) if listed else "")


def is_draft(person: str, number: int) -> str:
    """The change is approved, and its pull request is a draft."""
    return (
        f"@{person}, #{number} is approved, and it is a draft, which nobody merges. Press *Ready for review* there, "
        "and I continue; `/reject` ends it."
    )
