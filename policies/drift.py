"""Drift: what a change holds that the approved plan, or a reader of its diff, would not have expected.

`FINDINGS` is the one table of what is looked for and what follows: a change is refused, waits for a person who approves
exactly it, or is merely told of. Whoever reads the table in `docs/security.md` reads this one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from policies.globs import matching
from policies.result import Fact, Place, Result, Status
from policies.words import named


class Follows(StrEnum):
    """What follows from a finding."""

    refused = "refused"
    """Nothing is pushed; the run fails and says why."""
    waits = "waits"
    """The policy check asks for a person until the change is approved as it is."""
    shown = "shown"
    """It stands in the policy check and at its line."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that is looked for."""

    name: str
    what: str
    follows: Follows


FINDINGS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("protected paths", "paths that no change of the bot may touch", Follows.refused),
            Kind("kinds of files", "a submodule", Follows.refused),
            Kind("secrets", "a secret of the service, a private key, a GitHub token", Follows.refused),
            Kind("files", "more files than `limits.files`", Follows.refused),
            Kind("lines", "more lines than `limits.lines`", Follows.refused),
            Kind("bytes", "more bytes than `limits.bytes`", Follows.refused),
            Kind("hidden names", "a name with bidi controls, tag or other invisible characters", Follows.refused),
            Kind("hidden text", "new lines with bidi controls or tag characters", Follows.refused),
            Kind("plan", "paths that the plan does not name", Follows.waits),
            Kind("hidden effects", "files that act without being called, by the list below", Follows.waits),
            Kind("links", "a symbolic link that is new or leads elsewhere", Follows.waits),
            Kind("executable", "a file that becomes executable", Follows.waits),
            Kind("binary files", "files that cannot be read in a diff", Follows.waits),
            Kind("evidence", "tests of the change that do not fail without it, or none at all", Follows.shown),
        )
    }
)

HIDDEN_EFFECTS: tuple[str, ...] = (
    ".github/**",
    "CODEOWNERS",
    "AGENTS.md",
    "CLAUDE.md",
    "GEMINI.md",
    "copilot-instructions.md",
    ".claude/**",
    ".cursor/**",
    ".cursorrules",
    ".codex/**",
    ".opencode/**",
    ".mcp.json",
    "opencode.json",
    ".vscode/**",
    ".idea/**",
    ".devcontainer/**",
    ".envrc",
    ".gitattributes",
    ".gitignore",
    ".husky/**",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    "lefthook.yml",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnpmfile.cjs",
    ".bundle/config",
    ".cargo/**",
    "pip.conf",
    ".pypirc",
    "sitecustomize.py",
    "usercustomize.py",
    "conftest.py",
    "*.pth",
    "*.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "go.sum",
    "requirements*.txt",
)
"""Files that change what tools, editors, installers or other agents do, though no line of the code calls them.

Globs of `.gitignore`, upper and lower case alike; which of them no change may touch at all is the policy's to say.
"""

EXECUTABLE, LINK = "100755", "120000"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the content found, beside paths and sizes. Lines count from 1."""

    hidden_lines: Mapping[str, Sequence[int]] = field(default_factory=lambda: MappingProxyType({}))
    """By path, the new lines with characters that a reader does not see."""
    executable: Sequence[str] = ()
    """Files that become executable."""
    planned: Sequence[str] | None = None
    """The paths that the plan names; None where the workflow makes no plan."""
    tests: Sequence[str] | None = None
    """The test files that the change touches; None where none was looked for."""
    red_without: bool = False
    """Whether they fail on the base."""


def drifted(names: Sequence[str], links: Sequence[str], seen: Seen) -> list[Result]:
    """One result for each finding beyond what a policy file sets. `names` are all paths, `links` symbolic links."""
    return [
        _plan(names, seen.planned),
        _names(names),
        _lines(seen.hidden_lines),
        finding(
            "hidden effects",
            matching(names, HIDDEN_EFFECTS),
            nothing="No file runs by itself.",
            why="{} may change what tools, installers or agents do without being called.",
            remedy="Read these files, then approve the change.",
        ),
        finding("links", links, nothing="No symlink is added.", why="{} is a symbolic link: look at where it leads."),
        finding("executable", seen.executable, nothing="No file becomes executable.", why="{} becomes executable."),
        _evidence(seen),
    ]


def finding(
    name: str,
    paths: Sequence[str],
    *,
    nothing: str,
    why: str,
    remedy: str | None = None,
    lines: Mapping[str, Sequence[int]] = MappingProxyType({}),
) -> Result:
    """The result of one kind of finding, with what the table says follows. `why` names the paths at its `{}`."""
    if not paths:
        return Result(name, Status.approved, nothing)
    said = why.format(named(list(paths)))
    places = tuple(Place(path, line, said) for path in paths for line in lines.get(path, (1,)))
    return Result(name, _STATUS[FINDINGS[name].follows], said, (Fact("paths", tuple(paths)),), (), remedy, places)


_STATUS: Mapping[Follows, Status] = MappingProxyType(
    {Follows.refused: Status.denied, Follows.waits: Status.pending, Follows.shown: Status.approved}
)


def hidden_lines(head: str, base: str) -> tuple[int, ...]:
    """The lines of `head`, from 1, with bidi controls or tag characters, that do not stand in `base` as they are.

    https://trojansource.codes tells of the first; the second spell words that only a model reads. Flags of regions are
    spelled with tags by Unicode (UTS #51), behind a black flag, and are left alone.
    """
    known = set(base.split("\n"))
    rows = enumerate(head.split("\n"), 1)
    return tuple(number for number, row in rows if row not in known and _hides(row))


def _plan(names: Sequence[str], planned: Sequence[str] | None) -> Result:
    if planned is None:
        return Result("plan", Status.skipped, "The workflow makes no plan.")
    return finding(
        "plan",
        [name for name in names if not _within(name, planned)],
        nothing="The change touches what the plan names.",
        why="The plan does not name {}.",
        remedy="Read what was done there, then approve the change, or reject it with a reason.",
    )


def _within(name: str, planned: Sequence[str]) -> bool:
    """Whether the plan names this path, or a folder that it is in. A plan that names everything names nothing."""
    folders = [path.strip().removeprefix("./").rstrip("/") for path in planned]
    return any(folder and (name == folder or name.startswith(f"{folder}/")) for folder in folders)


def _names(names: Sequence[str]) -> Result:
    return finding(
        "hidden names",
        [name for name in names if not name.isprintable()],
        nothing="Every name can be read.",
        why="The name of {} holds characters that nobody sees.",
        remedy="A person has to add a file of such a name.",
    )


def _lines(hidden: Mapping[str, Sequence[int]]) -> Result:
    return finding(
        "hidden text",
        [path for path, lines in hidden.items() if lines],
        lines=hidden,
        nothing="No added line hides characters.",
        why="{} has new lines with characters that nobody sees, or that turn the order of what is seen.",
        remedy="Write such characters as escapes (`\\u202e`), or let a person add them.",
    )


def _evidence(seen: Seen) -> Result:
    name, tests = "evidence", seen.tests
    if tests is None:
        return Result(name, Status.skipped, "No test was looked for.")
    if not tests:
        return Result(name, Status.skipped, "The change touches no test, so none shows that it works.")
    if seen.red_without:
        return Result(name, Status.approved, "The tests of the change fail without it.")
    why = "{} does not fail without the change: it does not show by itself that the change is needed."
    return finding(name, tests, nothing="", why=why)


_FLAG, _END = "\U0001f3f4", "\U000e007f"
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _hides(row: str) -> bool:
    """Total on any text: a line that does not hold such characters at all is told in one pass."""
    inside: Literal["flag", "text"] = "text"
    for character in row:
        if character in _BIDI:
            return True
        tag = "\U000e0000" <= character <= _END
        if tag and inside == "text":
            return True
        inside = "flag" if character == _FLAG or (tag and character != _END) else "text"
    return False
