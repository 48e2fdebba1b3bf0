"""What a job of a workflow holds that code nobody has seen must not get: secrets, a token that writes, OIDC, a runner
of one's own, an environment.

An action, local or not, holds what its job holds and what it is given: nothing needs to be known of it for that.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from policies.exposure_conditions import Known, surely_false
from policies.exposure_yaml import Plain, Unreadable, mapping, rows, texts
from policies.words import code

HOSTED = re.compile(
    r"(?:ubuntu-(?:latest|slim|\d\d\.\d\d)(?:-arm)?|windows-(?:latest|\d{4}(?:-vs\d{4})?|11-arm)"
    r"|macos-(?:latest|\d{2})(?:-(?:large|xlarge|intel))?)",
    re.IGNORECASE,
)
"""Labels of GitHub's own runners: https://docs.github.com/en/actions/reference/runners/github-hosted-runners. Any other
may be that of a machine of the repository's owner, which the next job shares."""

_EXPRESSION = re.compile(r"\$\{\{(.*?)(?:\}\}|\Z)", re.DOTALL)
_SECRETS = re.compile(r"(?<![\w.-])secrets\b", re.IGNORECASE)
_TOKEN = re.compile(r"(?<![\w.-])secrets\s*(?:\.\s*GITHUB_TOKEN\b|\[\s*'GITHUB_TOKEN'\s*\])", re.IGNORECASE)
"""The job's own token by another name: `permissions` say what it may do."""
_SECRET_NAME = re.compile(r"(?<![\w.-])secrets\s*\.\s*([A-Za-z_][\w-]*)", re.IGNORECASE)
_FROM_MATRIX = re.compile(r"\$\{\{\s*matrix\.([A-Za-z_][\w-]*)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a job would expose, or that cannot be told (`doubt`): half a sentence for people."""

    about: Literal["secrets", "token", "oidc", "runner", "environment", "called workflow", "our code"]
    why: str
    doubt: bool = False


def expressions(value: Plain) -> list[str]:
    """What stands within `${{ }}` anywhere below, and all of every `if`."""
    found = [inner for text in texts(value) for inner in _EXPRESSION.findall(text)]
    return found + _conditions(value)


def uses_secrets(value: Plain, where: str) -> list[Finding]:
    """Whether an expression below reaches for secrets: some by name, or all of them at once."""
    reached = [_TOKEN.sub("", text) for text in expressions(value)]
    reached = [text for text in reached if _SECRETS.search(text)]
    if not reached:
        return []
    named = sorted({name.upper() for text in reached for name in _SECRET_NAME.findall(text)})
    what = ", ".join(code(name) for name in named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
    return [Finding("secrets", f"{where} is given secrets" + (f" ({what})" if named else ""))]


def token(permissions: Plain, given: bool, where: str) -> list[Finding]:
    """What the job's own token may do. `given`: whether the file says anything of it."""
    if not given:
        why = f"{where} has the token's default rights, which the repository's settings say and the file does not"
        return [Finding("token", why, doubt=True)]
    if permissions == "read-all":
        return []
    if permissions == "write-all":
        return [Finding("token", f"{where} has a token that may write everything"), Finding("oidc", _OIDC % where)]
    if not isinstance(permissions, dict):
        return [Finding("token", f"the rights of the token of {where} cannot be read", doubt=True)]
    found: list[Finding] = []
    writes = sorted(name for name, right in permissions.items() if right == "write" and name != "id-token")
    if writes:
        found.append(Finding("token", f"{where} has a token that may write {', '.join(code(w) for w in writes[:5])}"))
    if permissions.get("id-token") == "write":
        found.append(Finding("oidc", _OIDC % where))
    if any(right not in {"read", "write", "none"} for right in permissions.values()):
        found.append(Finding("token", f"the rights of the token of {where} cannot be read", doubt=True))
    return found


_OIDC = "%s may ask for an OIDC token (`id-token: write`), for which clouds let it in"


def runner(job: Mapping[str, Plain], where: str) -> list[Finding]:
    """Whether the job may run on a machine that is not GitHub's own and thrown away afterwards."""
    labels = _labels(job)
    if labels is None:
        return [Finding("runner", f"it cannot be told on which runner {where} runs", doubt=True)]
    if any(label.lower() == "self-hosted" for label in labels):
        return [Finding("runner", f"{where} runs on a self-hosted runner")]
    strange = sorted({label for label in labels if not HOSTED.fullmatch(label)})
    if strange or not labels:
        what = f"the runner {code(strange[0])} of {where}" if strange else f"the runner of {where}"
        return [Finding("runner", f"{what} is not known as GitHub's own", doubt=True)]
    return []


def environment(job: Mapping[str, Plain], where: str) -> list[Finding]:
    if "environment" not in job:
        return []
    said = job["environment"]
    name = said.get("name") if isinstance(said, dict) else said
    named = f" {code(name)}" if isinstance(name, str) else ""
    why = f"{where} enters the environment{named}, whose secrets and rules the file does not show"
    return [Finding("environment", why, doubt=True)]


def steps_that_run(job: Mapping[str, Plain], known: Known) -> list[dict[str, Plain]]:
    """The steps of the job, without those that surely do not run."""
    steps = [mapping(step) for step in rows(job.get("steps"))]
    return [step for step in steps if not surely_false(step.get("if"), known)]


def _conditions(value: Plain) -> list[str]:
    if isinstance(value, dict):
        here = [said for key, said in value.items() if key == "if" and isinstance(said, str)]
        return here + [found for said in value.values() for found in _conditions(said)]
    return [found for item in value for found in _conditions(item)] if isinstance(value, list) else []


def _labels(job: Mapping[str, Plain]) -> list[str] | None:
    """The labels that the job asks for, through its matrix too; None where that cannot be told."""
    asked = job.get("runs-on")
    if isinstance(asked, dict):
        return None  # a group, of whatever runners
    found: list[str] = []
    for label in rows(asked):
        if not isinstance(label, str):
            return None
        if "${{" not in label:
            found.append(label)
        else:
            axis = _FROM_MATRIX.fullmatch(label.strip())
            values = _axis(job, axis[1]) if axis is not None else None
            if values is None:
                return None
            found += values
    return found


def _axis(job: Mapping[str, Plain], name: str) -> list[str] | None:
    """Every value that the matrix has under this name; None where an expression makes it."""
    try:
        matrix = mapping(mapping(job.get("strategy")).get("matrix"))
        added = [mapping(row) for row in rows(matrix.get("include"))]
    except Unreadable:
        return None
    values = [*rows(matrix.get(name)), *(row[name] for row in added if name in row)]
    plain = [value for value in values if isinstance(value, str) and "${{" not in value]
    return plain if plain and len(plain) == len(values) else None
