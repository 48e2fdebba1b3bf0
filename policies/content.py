"""What a change may contain, and what may be merged."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from core.digests import ChangedPath
from policies.drift import LINK, Seen, drifted, finding
from policies.globs import matching
from policies.result import Fact, Place, Result, Status, all_of
from policies.schema import Policy
from policies.words import code

ALWAYS_PROTECTED = ("/.github/workflows/**", "/.github/actions/**", ".git", ".gitmodules")
"""Whatever the policy says: what CI runs, with which rights, is never written by a model."""

SUBMODULE = "160000"

NOTHING_SEEN = Seen()


def change_allowed(
    policy: Policy,
    *,
    paths: Sequence[ChangedPath],
    additions: int,
    deletions: int,
    bytes_: int,
    binary_paths: Sequence[str] = (),
    secrets: Mapping[str, Sequence[str]] = MappingProxyType({}),
    seen: Seen = NOTHING_SEEN,
    ours: Collection[str] = (),
) -> Result:
    """Whether a change stays within policy, and whether somebody must look at it: the findings of `policies.drift`.

    `bytes_` is the size of all added and changed blobs of the head; `additions` and `deletions` count lines.
    `secrets` says by path what kinds of secrets the change brings, and none of them itself. `ours` are paths whose
    content no model wrote: what the policy protects from models may be among them.
    """
    names = [path.path for path in paths]
    limits = policy.limits
    links = [path.path for path in paths if path.mode == LINK and path.head_blob is not None]
    return all_of(
        "content",
        [
            _paths(policy, [name for name in names if name not in ours]),
            _modes(paths),
            _secrets(secrets),
            _at_most("files", len(names), limits.files, "files"),
            _at_most("lines", additions + deletions, limits.lines, "lines"),
            _at_most("bytes", bytes_, limits.bytes, "bytes"),
            _binaries(binary_paths),
            *drifted(names, links, seen),
        ],
        why=f"{len(names)} files, {additions} lines added and {deletions} deleted; no protected path.",
    )


def looked_at(content: Result, change: Result) -> Result:
    """What waits for a person in the content has been looked at where people approved exactly this change."""
    if not (content.pending and change.approved):
        return content
    return Result(
        content.name, Status.approved, f"{change.why} {content.why}", content.facts, content.children, None, ()
    )


def may_merge(policy: Policy, *, change: Result, content: Result, tests_green: bool, head_is_approved: bool) -> Result:
    """Whether the bot may merge now. `change` and `content` are what `change_gate` and `change_allowed` said."""
    by_bot = policy.merge == "bot"
    who = "The policy lets the bot merge." if by_bot else "Under the policy a person merges, not the bot."
    tests = "The tests are green on this head." if tests_green else "The tests are not green on this head."
    same = (
        "The head is exactly what was approved."
        if head_is_approved
        else "The head of the pull request is not what was approved."
    )
    return all_of(
        "merge",
        [
            Result("who merges", Status.approved if by_bot else Status.denied, who, (Fact("merge", (policy.merge,)),)),
            change,
            looked_at(content, change),
            Result("tests", Status.approved if tests_green else Status.denied, tests),
            Result("approved content", Status.approved if head_is_approved else Status.denied, same),
        ],
        why="The bot merges: everything that the policy asks for is there.",
    )


def _paths(policy: Policy, names: Sequence[str]) -> Result:
    return finding(
        "protected paths",
        matching(names, [*ALWAYS_PROTECTED, *policy.protected]),
        nothing="No protected path is touched.",
        why="The change touches protected paths: {}.",
        remedy="A person has to change these files.",
    )


def _modes(paths: Sequence[ChangedPath]) -> Result:
    """Submodules are refused: their content is not in the diff that people approve."""
    return finding(
        "kinds of files",
        [path.path for path in paths if path.mode == SUBMODULE and path.head_blob is not None],
        nothing="Only plain files and links.",
        why="The change adds or moves a submodule, whose content nobody would see.",
        remedy="A person has to change submodules.",
    )


def _secrets(brought: Mapping[str, Sequence[str]]) -> Result:
    """A secret in a commit is public for ever, whatever is merged later. Where it stands is said, never what it is."""
    if not brought:
        return Result("secrets", Status.approved, "No secret is added.")
    each = [f"{' and '.join(kinds)} in {code(path)}" for path, kinds in sorted(brought.items())]
    return Result(
        "secrets",
        Status.denied,
        f"The change brings {', '.join(each)}.",
        (Fact("paths", tuple(sorted(brought))),),
        remedy="Let the code read it from the environment; what is only an example should not look like a real one.",
        places=tuple(
            Place(path, 1, f"This file holds {' and '.join(kinds)}.") for path, kinds in sorted(brought.items())
        ),
    )


def _at_most(name: str, count: int, limit: int, unit: str) -> Result:
    facts = (Fact(unit, (str(count),)), Fact("limit", (str(limit),)))
    if count <= limit:
        return Result(name, Status.approved, f"{count} of at most {limit} {unit}.", facts)
    return Result(
        name,
        Status.denied,
        f"The change is {count} {unit}; the policy allows {limit}.",
        facts,
        remedy=f"Describe a smaller task, or raise `limits.{name}` in `.github/pullwright.yml`.",
    )


def _binaries(paths: Sequence[str]) -> Result:
    """Nobody can read them in a diff."""
    count = f"{len(paths)} binary file{'s' if len(paths) != 1 else ''}"
    return finding(
        "binary files",
        paths,
        nothing="No binary file.",
        why=f"{count}: look at what they are.",
    )
