"""Our own files in a repository, judged where they change: a check run on the commit, with every mistake at its place.
In an owner's `.github` repository those that count for all of its repositories are judged too.

A push names some of what it touches. Where that is all of it and none is ours, nothing is read; in doubt the files of
the commit are compared with those of the commit before.
"""

import re
from collections.abc import Sequence

from core.digests import digest, short
from core.effects import Annotation, PutCheck
from core.errors import PolicyInvalid
from core.facts import ConfigFiles, ConfigQuery, Facts
from core.github import CheckStatus, Conclusion
from core.intents import Intent, ShowCheck
from core.names import Repo, Sha
from core.workflow.catalogue import FOLDER, STEPS, SUFFIX, Entry, File, Piece, in_owners, is_owners
from handlers import replies
from handlers.automatic import Pushed
from policies.schema import OWNERS_PATH, PATH, effective

NAME = "pullwright/config"
MOST_NAMED = 300
"""Paths in one push from which on we do not rely on all of them being named."""
_MISTAKE = re.compile(r":(\d{1,9}):(\d{1,9}): (.*)", re.DOTALL)
_NOBODY = "0"


def asked(event: Pushed) -> ConfigQuery | None:
    """What must be looked at to know whether the push changes files of ours; None where it is known not to."""
    if not event.after.strip(_NOBODY):
        return None
    named = event.paths or ()
    touched = any(_is_ours(path, event.repo) for path in named)
    if not touched and event.paths is not None and len(named) < MOST_NAMED:
        return None
    # What is named of a new branch may have been on another one for long.
    known = touched and event.before is not None
    return ConfigQuery(sha=event.after, branch=event.branch, before=event.before, touched=known)


def again(sha: Sha, branch: str) -> ConfigQuery:
    """The files of a commit whose check is asked for again, whether it changed them or not."""
    return ConfigQuery(sha=sha, branch=branch, before=None, touched=True)


def key_of(repo: Repo, sha: Sha) -> str:
    """Of the effect that puts the check on this commit."""
    return f"config:{repo.id}:{sha}"


def judged(repo: Repo, facts: Facts) -> list[Intent]:
    """The check on the commit, once per commit; nothing where it changes no file of ours."""
    files = facts.config
    if files is None:
        return []
    found = _mistakes(files, facts)
    text, key = replies.check_config(found, files.count), key_of(repo, files.sha)
    told = [one.model_dump(mode="json") for one in found]
    check = PutCheck(
        name=NAME,
        head_sha=files.sha,
        # Annotations cannot be taken back: others are another check run, and the newest of a name counts.
        external_id=f"{key}:{short(digest('mistakes', *told))}" if told else key,
        status=CheckStatus.completed,
        conclusion=Conclusion.failure if found else Conclusion.success,
        title=text.title,
        summary=text.summary,
        text=text.text,
        annotations=tuple(found[: replies.MOST_ANNOTATIONS]),
    )
    return [ShowCheck(check=check, key=key)]


def _is_ours(path: str, repo: Repo) -> bool:
    places = [(PATH, (FOLDER, STEPS))]
    if is_owners(repo.name):
        places.append((OWNERS_PATH, (in_owners(FOLDER), in_owners(STEPS))))
    return any(
        path == policy or (path.startswith(tuple(f"{folder}/" for folder in folders)) and path.endswith(SUFFIX))
        for policy, folders in places
    )


def _mistakes(files: ConfigFiles, facts: Facts) -> list[Annotation]:
    found: list[Annotation] = []
    for policy in (files.policy, files.owners_policy):
        if policy is not None:
            found += _placed(policy.path, _of_policy(policy, files, facts))
    written: list[Entry | Piece] = [*files.workflows.broken, *files.workflows.pieces]
    for one in written:
        if files.here(one.layer):
            found += _placed(one.path, one.mistakes)
    return found


def _of_policy(policy: File, files: ConfigFiles, facts: Facts) -> Sequence[str]:
    """What is wrong with a policy file, here and beside the operator's; one line each."""
    if policy.text is None:
        return [policy.why]
    try:
        effective(files.operator, policy.text, facts.repository.owner_is_organisation, policy.path, facts.app.login)
    except PolicyInvalid as error:
        return str(error).splitlines()[1:] or [str(error)]
    return []


def _placed(path: str, lines: Sequence[str]) -> list[Annotation]:
    """Each mistake at its place. A line without one goes on with the mistake before it, else with the whole file."""
    found: list[Annotation] = []
    for text in lines:
        place = _MISTAKE.fullmatch(text.removeprefix(path)) if text.startswith(f"{path}:") else None
        if place is not None:
            found.append(Annotation(path=path, line=int(place[1]), column=int(place[2]), message=place[3]))
        elif found:
            found[-1] = found[-1].model_copy(update={"message": f"{found[-1].message} {text}"})
        else:
            found.append(Annotation(path=path, line=1, column=1, message=text))
    return found
