"""Conditions of rules: whether each holds, and the sentence that says why.

Four answers, since "not known" comes in two kinds: what only a later point of the run will tell, and what could not be
looked up. Neither is ever taken for a yes or a no.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from core.names import Role
from policies.considered import Considered
from policies.globs import matching, naming
from policies.rules import OF_ROLES, Action, Group, If
from policies.words import code, named


class Answer(StrEnum):
    yes = "yes"
    no = "no"
    later = "later"
    failed = "failed"


@dataclass(frozen=True, slots=True)
class Holds:
    answer: Answer
    why: str
    """A part of a sentence, without an end mark."""


Groups = Mapping[str, Group]
Judge = Callable[[Any, Considered, Groups], Holds]


def holds(condition: If, considered: Considered, groups: Groups) -> Holds:
    """Whether all of it holds. A part that surely does not decides, whatever is not known of the others."""
    judged = [JUDGES[key](wanted, considered, groups) for key, wanted in condition.said().items()]
    for answer in (Answer.no, Answer.failed, Answer.later):
        if found := [one.why for one in judged if one.answer is answer]:
            return Holds(answer, "; ".join(found))
    return Holds(Answer.yes, "; ".join(one.why for one in judged))


def membership(name: str, login: str, considered: Considered, groups: Groups, *, role: Role | None = None) -> Holds:
    """Whether somebody is in the group of this name. `role` wins over the one that was looked up.

    Being in one part of a group is enough; where none says yes and one could not be looked up, nobody knows.
    """
    group = Group(role=Role(name)) if name in OF_ROLES else groups.get(name)
    if group is None:
        return Holds(Answer.failed, f"there is no group {code(name)}")
    person = considered.person(login)
    parts = [Holds(Answer.no, f"@{login} is not in {code(name)}")]
    if group.users and login.casefold() in {user.casefold() for user in group.users}:
        parts.append(Holds(Answer.yes, f"@{login} is named in {code(name)}"))
    if group.role is not None:
        parts.append(_of_role(group.role, login, role or person.role, considered))
    parts += [_of_team(team, login, considered) for team in group.teams]
    if group.code_owners:
        parts.append(_of_owners(login, role or person.role, considered))
    for answer in (Answer.yes, Answer.failed, Answer.later):
        if found := next((part for part in parts if part.answer is answer), None):
            return found
    return parts[0]


def owns(owner: str, login: str, considered: Considered) -> Holds:
    """Whether this entry of a CODEOWNERS file is the person, or a team with the person in it."""
    if "/" in owner:
        return _of_team(owner.removeprefix("@"), login, considered)
    same = owner.removeprefix("@").casefold() == login.casefold()
    return Holds(Answer.yes if same else Answer.no, f"@{login} {'is' if same else 'is not'} {code(owner)}")


def _of_role(needed: Role, login: str, role: Role | None, considered: Considered) -> Holds:
    if role is None:
        return _unknown("people", f"@{login}'s role", considered)
    return Holds(Answer.yes if role.at_least(needed) else Answer.no, f"@{login} has the role `{role}`")


def _of_team(team: str, login: str, considered: Considered) -> Holds:
    if why := considered.failed.get(f"team:{team}"):
        return Holds(Answer.failed, f"whether @{login} is in {code(team)} could not be looked up: {why}")
    known = {name.casefold(): inside for name, inside in considered.person(login).teams.items()}
    if team.casefold() not in known:
        return _unknown("people", f"whether @{login} is in {code(team)}", considered)
    inside = known[team.casefold()]
    return Holds(Answer.yes if inside else Answer.no, f"@{login} is {'' if inside else 'not '}in {code(team)}")


def _of_owners(login: str, role: Role | None, considered: Considered) -> Holds:
    """GitHub counts only owners with write access, and so does this.

    https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
    """
    if considered.owners is None:
        return _unknown("owners", "who owns what it touches", considered)
    if role is None or not role.at_least(Role.write):
        return Holds(Answer.no, f"@{login} has no write access, and cannot be a code owner")
    entries = sorted({owner for owners in considered.owners.values() for owner in owners})
    judged = [owns(owner, login, considered) for owner in entries]
    for answer in (Answer.yes, Answer.failed, Answer.later):
        if found := next((one for one in judged if one.answer is answer), None):
            return found if answer is not Answer.yes else Holds(answer, f"@{login} is a code owner of what it touches")
    return Holds(Answer.no, f"@{login} owns nothing of what it touches")


def _unknown(fact: str, what: str, considered: Considered) -> Holds:
    """Why a fact is not there: its look-up failed, or it was not made yet. After the start nobody waits for people."""
    if why := considered.failed.get(fact):
        return Holds(Answer.failed, f"{what} could not be looked up: {why}")
    if considered.action is Action.start:
        return Holds(Answer.later, f"{what} is looked up once the run has begun")
    return Holds(Answer.failed, f"{what} is not known")


def _later(fact: str, what: str, considered: Considered) -> Holds:
    """Why a fact about a plan or a change is not there."""
    if why := considered.failed.get(fact):
        return Holds(Answer.failed, f"{what} could not be looked up: {why}")
    if list(Action).index(considered.action) < list(Action).index(KNOWN_FROM[fact]):
        return Holds(Answer.later, f"{what} is not known yet")
    return Holds(Answer.failed, f"{what} is not known")


def _yes_if(right: bool, yes: str, no: str) -> Holds:
    return Holds(Answer.yes, yes) if right else Holds(Answer.no, no)


# Paths ----------------------------------------------------------------------------------------------------------


def _any_path(globs: Sequence[str], considered: Considered, _: Groups) -> Holds:
    if (paths := considered.paths) is None:
        return _later("paths", "what it touches", considered)
    found = matching(paths, globs)
    return _yes_if(bool(found), f"it touches {named(found)}", f"it touches nothing in {named(globs)}")


def _only_paths(globs: Sequence[str], considered: Considered, _: Groups) -> Holds:
    if (paths := considered.paths) is None:
        return _later("paths", "what it touches", considered)
    if not paths:
        return Holds(Answer.no, "it touches nothing")
    inside = set(matching(paths, globs))
    outside = [path for path in paths if path not in inside]
    return _yes_if(not outside, f"it touches only {named(globs)}", f"it touches {named(outside)}")


def _no_path(globs: Sequence[str], considered: Considered, groups: Groups) -> Holds:
    return _not(_any_path(globs, considered, groups))


def _code_owned(wanted: bool, considered: Considered, _: Groups) -> Holds:
    if considered.owners is None:
        return _later("owners", "who owns what it touches", considered)
    owned = [path for path, owners in considered.owners.items() if owners]
    yes, no = f"{named(owned)} has code owners", "nothing that it touches has a code owner"
    return _wanted(wanted, _yes_if(bool(owned), yes, no))


# Sizes ----------------------------------------------------------------------------------------------------------


def _files(considered: Considered) -> int | None:
    return None if considered.paths is None else len(considered.paths)


def _lines(considered: Considered) -> int | None:
    if considered.added is None or considered.deleted is None:
        return None
    return considered.added + considered.deleted


def _count(
    fact: str, unit: str, of: Callable[[Considered], int | None], *, over: bool
) -> Callable[[int, Considered, Groups], Holds]:
    def judge(limit: int, considered: Considered, _: Groups) -> Holds:
        if (count := of(considered)) is None:
            return _later(fact, f"how many {unit} it is", considered)
        why, beside = f"it is {count} {unit}", "not over" if over else "over"
        return _yes_if((count > limit) is over, why, f"{why}, {beside} {limit}")

    return judge


def _binary(wanted: bool, considered: Considered, _: Groups) -> Holds:
    if considered.binary is None:
        return _later("binary", "whether it has binary files", considered)
    found = _yes_if(bool(considered.binary), f"{named(considered.binary)} is binary", "it has no binary file")
    return _wanted(wanted, found)


def _cost_over(limit: float, considered: Considered, _: Groups) -> Holds:
    if considered.action is Action.start or "cost_usd" in considered.failed:
        return _later("cost_usd", "what it may cost", considered)
    if (cost := considered.cost_usd) is None:
        return Holds(Answer.yes, "what it will cost is not known, which counts as over any amount")
    return _yes_if(cost > limit, f"it may cost ${cost:.2f}", f"it may cost ${cost:.2f}, not over ${limit:.2f}")


def _cost_at_most(limit: float, considered: Considered, groups: Groups) -> Holds:
    return _not(_cost_over(limit, considered, groups))


# What it is about -----------------------------------------------------------------------------------------------


def _open_questions(wanted: bool, considered: Considered, _: Groups) -> Holds:
    if considered.questions is None:
        return _later("questions", "whether questions are open", considered)
    return _wanted(wanted, _yes_if(bool(considered.questions), "the plan leaves questions open", "no question is open"))


def _stranger_text(wanted: bool, considered: Considered, _: Groups) -> Holds:
    if considered.stranger_text is None:
        return _later("stranger_text", "whose text it rests on", considered)
    yes, no = "it rests on text by people without write access", "no text by strangers is in it"
    return _wanted(wanted, _yes_if(considered.stranger_text, yes, no))


def _label(globs: Sequence[str], considered: Considered, _: Groups) -> Holds:
    if considered.labels is None:
        return _unknown("labels", "which labels it has", considered)
    found = naming(considered.labels, globs)
    return _yes_if(bool(found), f"it has the label {named(found)}", f"it has no label {named(globs)}")


def _no_label(globs: Sequence[str], considered: Considered, groups: Groups) -> Holds:
    return _not(_label(globs, considered, groups))


def _name(what: str, of: Callable[[Considered], str]) -> Callable[[Sequence[str], Considered, Groups], Holds]:
    def judge(globs: Sequence[str], considered: Considered, _: Groups) -> Holds:
        name = of(considered)
        why = f"the {what} is {code(name)}"
        return _yes_if(bool(naming([name], globs)), why, why)

    return judge


def _requester(names: Sequence[str], considered: Considered, groups: Groups) -> Holds:
    return _somebody(names, considered.requester, considered, groups)


def _author(names: Sequence[str], considered: Considered, groups: Groups) -> Holds:
    if considered.author is None:
        return _unknown("author", "who wrote it", considered)
    return _somebody(names, considered.author, considered, groups)


def _somebody(names: Sequence[str], login: str, considered: Considered, groups: Groups) -> Holds:
    judged = [membership(name, login, considered, groups) for name in names]
    for answer in (Answer.yes, Answer.failed, Answer.later):
        if found := next((one for one in judged if one.answer is answer), None):
            return found
    return Holds(Answer.no, f"@{login} is not in {named(names)}")


def _not(found: Holds) -> Holds:
    opposite = {Answer.yes: Answer.no, Answer.no: Answer.yes}
    return Holds(opposite.get(found.answer, found.answer), found.why)


def _wanted(wanted: bool, found: Holds) -> Holds:
    return found if wanted else _not(found)


KNOWN_FROM: Mapping[str, Action] = MappingProxyType(
    {
        **dict.fromkeys(("paths", "owners", "cost_usd", "questions", "stranger_text"), Action.plan),
        **dict.fromkeys(("added", "deleted", "lines", "binary"), Action.ship),
    }
)
"""The first action at which a fact is there."""

JUDGES: Mapping[str, Judge] = MappingProxyType(
    {
        "any_path": _any_path,
        "only_paths": _only_paths,
        "no_path": _no_path,
        "code_owned": _code_owned,
        "files_over": _count("paths", "files", _files, over=True),
        "files_at_most": _count("paths", "files", _files, over=False),
        "lines_over": _count("lines", "lines", _lines, over=True),
        "lines_at_most": _count("lines", "lines", _lines, over=False),
        "added_over": _count("added", "added lines", lambda seen: seen.added, over=True),
        "added_at_most": _count("added", "added lines", lambda seen: seen.added, over=False),
        "deleted_over": _count("deleted", "deleted lines", lambda seen: seen.deleted, over=True),
        "deleted_at_most": _count("deleted", "deleted lines", lambda seen: seen.deleted, over=False),
        "binary": _binary,
        "cost_over_usd": _cost_over,
        "cost_at_most_usd": _cost_at_most,
        "open_questions": _open_questions,
        "stranger_text": _stranger_text,
        "label": _label,
        "no_label": _no_label,
        "title": _name("title", lambda seen: seen.title),
        "base": _name("base branch", lambda seen: seen.base),
        "repository": _name("repository", lambda seen: seen.repository),
        "workflow": _name("workflow", lambda seen: seen.workflow),
        "requester": _requester,
        "author": _author,
    }
)
"""Each key of `if`, and what it looks at."""

NEEDS: Mapping[str, Action] = MappingProxyType(
    {
        **dict.fromkeys(("any_path", "only_paths", "no_path", "code_owned", "files_over"), Action.plan),
        **dict.fromkeys(("files_at_most", "cost_over_usd", "cost_at_most_usd"), Action.plan),
        **dict.fromkeys(("open_questions", "stranger_text", "author"), Action.plan),
        **dict.fromkeys(("lines_over", "lines_at_most", "added_over", "added_at_most"), Action.ship),
        **dict.fromkeys(("deleted_over", "deleted_at_most", "binary"), Action.ship),
    }
)
"""The first action at which a condition can be told, where that is not the start."""
