"""Whose code it is that lies on a branch of ours beyond what we pushed: somebody answers for every commit of it.

GitHub lists every move of a branch. Where a row of moves leads without a gap from what we pushed to the head, whoever
made them pushed all that lies between. What lies in a gap, or came by a bot, belongs to whoever is named in its
commits. Anybody may write any name there: these people are authors besides whoever pushed, and never instead.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.github.moves import NOWHERE, Move, Written
from core.names import Sha, Value, is_bot

DIGITS = 12
"""Of a head, in what is told of a push to it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of the branch, up to `after`, of which GitHub does not say which person pushed it."""

    before: Sha | None
    """Where it begins; None where that is not known either."""
    after: Sha
    reaches: tuple[Sha, ...]
    """The heads that the branch had since, oldest first: where `after` was replaced, they may hold what it brought."""
    by: str | None = None
    """The bot that pushed it."""


class Authorship(Value):
    pushed: tuple[str, ...] = ()
    """Whoever moved the branch, by login."""
    wrote: tuple[str, ...] = ()
    """The people named in commits that nobody is known to have pushed, or that a bot did."""
    unpushed: tuple[Sha, ...] = ()
    """Those commits, but the ones of bots."""
    nobodys: tuple[Sha, ...] = ()
    """Those of them in which nobody is named either. Whoever they belong to could approve them."""
    told: bool = True
    """Whether GitHub says who put the branch where it is."""

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.pushed, *self.wrote]))


def push_told(actor: str, head: Sha) -> str:
    """What the signal of a push says, to people and to `head_told`."""
    return f"@{actor} pushed {head[:DIGITS]}"


def head_told(text: str) -> str:
    """The first DIGITS of the head that `push_told` named."""
    return text.rpartition(" ")[2]


def gaps(head: Sha, ours: Collection[Sha], moves: Sequence[Move]) -> list[Gap]:
    """The stretches between `ours` and `head` that no person is known to have pushed, newest first, as `moves` are."""
    found: list[Gap] = []
    at, reached, rest = head, [head], list(moves)
    while at not in ours and at != NOWHERE:
        place = next((number for number, move in enumerate(rest) if move.after == at), None)
        if place is None:
            return [*found, Gap(None, at, tuple(reversed(reached)))]
        move, rest = rest[place], rest[place + 1 :]
        if move.ours:
            break
        if move.by is None or is_bot(move.by):
            found.append(Gap(move.before, at, tuple(reversed(reached)), move.by))
        at = move.before
        reached.append(at)
    return found


def authorship(
    head: Sha, ours: Collection[Sha], moves: Sequence[Move], told: Mapping[str, str], commits: Sequence[Written] | None
) -> Authorship:
    """Whose code lies between `ours` and `head`.

    `told` is who pushed a head, by its first digits, as a webhook said: that says nothing of what lies below it.
    `commits` are those of the pull request, looked at only where there are gaps; None where they are not known.
    """
    pushed = tuple(dict.fromkeys(move.by for move in moves if move.by is not None and not move.ours))
    wrote: dict[str, None] = {}
    unpushed: dict[Sha, None] = {}
    nobodys: dict[Sha, None] = {}
    for gap in gaps(head, ours, moves):
        inside = _inside(gap, ours, {one.sha: one for one in commits or ()})
        for sha, people in inside.items():
            wrote.update(dict.fromkeys(people))
            if gap.by is not None:
                continue
            unpushed[sha] = None
            if not people and not _told(sha, told, moves):
                nobodys[sha] = None
    last = [told.get(head[:DIGITS]), *(move.by for move in moves if move.after == head)]
    return Authorship(
        pushed=pushed, wrote=tuple(wrote), unpushed=tuple(unpushed), nobodys=tuple(nobodys), told=any(last)
    )


def _inside(gap: Gap, ours: Collection[Sha], commits: Mapping[Sha, Written]) -> Mapping[Sha, tuple[str, ...]]:
    """The commits that may have come in this gap, with the people named in each."""
    end = next((sha for sha in gap.reaches if sha in commits), None)
    if end is None:
        return {gap.after: ()}  # not a commit of the pull request as GitHub shows it: nothing is known of it
    known = _history([sha for sha in (gap.before, *ours) if sha in commits and sha != end], commits)
    return {sha: commits[sha].people for sha in _history([end], commits) if sha not in known}


def _history(tips: Sequence[Sha | None], commits: Mapping[Sha, Written]) -> dict[Sha, None]:
    """These commits and all before them that the pull request holds."""
    found: dict[Sha, None] = {}
    waiting = [tip for tip in tips if tip is not None]
    while waiting:
        sha = waiting.pop()
        if sha in commits and sha not in found:
            found[sha] = None
            waiting += commits[sha].parents
    return found


def _told(sha: Sha, told: Mapping[str, str], moves: Sequence[Move]) -> bool:
    """Whether somebody is known to have had the branch at exactly this commit."""
    people = [told.get(sha[:DIGITS]), *(move.by for move in moves if move.after == sha and not move.ours)]
    return any(person is not None and not is_bot(person) for person in people)
