"""Onboarding: the first `.github/pullwright.yml` of a repository, made from the files that it has.

The file decides nothing but how the repository is tested: all else means what counts there already, and is said in it
where the built-in policy says otherwise. Whatever comes from the repository stands in it as a quoted value or in a
comment, so that it cannot become a key; it runs where every command runs, in a box, and not before a person has merged
the file.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import yaml

from policies import clues, detect
from policies.clues import Clue, Clues
from policies.detect import NPM_LINK, TESTS, npm_setup
from policies.schema import Check, Policy, built_in
from policies.starting_file import starting_file

Read = Callable[[str], str | None]

MOST_FILES = 40
"""Files of CI and containers that are read."""
MOST_SHOWN = 12
LONGEST_COMMAND = 2_000
"""Characters that a policy file allows."""
LONGEST = 160
"""Characters of a comment, but for what is ours in it."""

_LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "py": "Python", "js": "JavaScript", "ts": "TypeScript", "tsx": "TypeScript", "jsx": "JavaScript", "rs": "Rust",
        "go": "Go", "rb": "Ruby", "java": "Java", "kt": "Kotlin", "c": "C", "cc": "C++", "cpp": "C++", "cs": "C#",
        "php": "PHP", "swift": "Swift", "scala": "Scala", "ex": "Elixir", "exs": "Elixir", "sh": "Shell",
    }
)  # fmt: skip

_BY_MARKER: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Cargo.toml", "cargo test", ("tests/**/*.rs",)),
    ("go.mod", "go test ./...", ("*_test.go",)),
    (".rspec", "bundle exec rspec", ("*_spec.rb",)),
    ("Rakefile", "bundle exec rake test", ("test_*.rb", "*_test.rb")),
    ("mvnw", "./mvnw --batch-mode --offline test", ("src/test/**",)),
    ("pom.xml", "mvn --batch-mode --offline test", ("src/test/**",)),
    ("gradlew", "./gradlew --offline test", ("src/test/**",)),
    ("build.gradle", "gradle --offline test", ("src/test/**",)),
    ("build.gradle.kts", "gradle --offline test", ("src/test/**",)),
)
"""How a repository with this file is tested where nothing says it otherwise; the first that is there counts."""
_GLOBS: Mapping[str, tuple[str, ...]] = MappingProxyType({marker: globs for marker, _, globs in _BY_MARKER})


@dataclass(frozen=True, slots=True)
class Survey:
    """What the files of a repository say."""

    languages: tuple[tuple[str, int], ...]
    """With how many files of each, the most first."""
    check: Check | None
    setup: tuple[str, ...]
    why: str
    """Where the check comes from, or what was looked for."""
    beside: tuple[Clue, ...]
    """What CI and containers run besides."""
    remarks: tuple[tuple[str, str], ...]
    unread: tuple[tuple[str, str], ...]


def may_tell(path: str) -> bool:
    """Whether the text of this file may matter to `survey()`."""
    return clues.may_tell(path) or detect.may_tell(path)


def survey(files: Sequence[str], read: Read) -> Survey:
    """What these paths and their texts say of how the repository is tested. Total: nothing in a file raises."""
    found = _clues(sorted(path for path in files if clues.may_tell(path)), read)
    check, setup, why = _tested(frozenset(files), detect.detect(files, read), found)
    said = {*setup, *([check.run] if check is not None else [])}
    return Survey(
        languages=_languages(files),
        check=check,
        setup=setup,
        why=why,
        beside=tuple(clue for clue in found.commands if clue.command not in said),
        remarks=found.remarks,
        unread=found.unread,
    )


def first_file(counts: Policy, found: Survey) -> str:
    """The text of the file. But for its `checks` and `setup` it means the policy that `counts` without it."""
    kept = _differing(_json(counts), _json(built_in(counts.policy)))
    return starting_file(counts.policy, (*_check(found), "", *_setup(found), *_beside(found), "", *_kept(kept)), kept)


def _kept(kept: Mapping[str, Any]) -> list[str]:
    """What counts already and no built-in policy says: the file takes the place of whatever said it."""
    if not kept:
        return []
    said = yaml.safe_dump(dict(kept), sort_keys=False, width=2**16).splitlines()
    return [
        "# What counts here already, from the owner's or the operator's file: this one stands in its place.",
        *said,
        "",
    ]


def _differing(now: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """What of `now` must be said where `usual` is what is meant without a word."""
    return {
        key: _differing(value, usual[key]) if isinstance(value, dict) and isinstance(usual.get(key), dict) else value
        for key, value in now.items()
        if key not in usual or value != usual[key]
    }


def _json(policy: Policy) -> dict[str, Any]:
    return policy.model_dump(mode="json", by_alias=True)


def _clues(paths: Sequence[str], read: Read) -> Clues:
    commands: list[Clue] = []
    remarks: list[tuple[str, str]] = []
    unread = [(path, f"only the first {MOST_FILES} are looked at") for path in paths[MOST_FILES:]]
    for path in paths[:MOST_FILES]:
        text = read(path)
        one = clues.clues(path, text) if text is not None else Clues(unread=((path, "it is no plain file"),))
        commands += one.commands
        remarks += one.remarks
        unread += one.unread
    once = {(clue.kind, clue.command): clue for clue in reversed(commands)}
    return Clues(tuple(reversed(once.values())), tuple(remarks), tuple(unread))


def _tested(
    present: Collection[str], known: detect.Detected, found: Clues
) -> tuple[Check | None, tuple[str, ...], str]:
    """The check, its setup, and where they come from: what runs use without a file first, then CI, then a habit."""
    if TESTS in known.checks:
        fits = all(len(command) <= LONGEST_COMMAND for command in known.setup)
        return known.checks[TESTS], known.setup if fits else (), known.why
    marker = next((one for one in _BY_MARKER if one[0] in present), None)
    globs = marker[2] if marker is not None else ()
    if (said := next((clue for clue in found.commands if clue.kind == "test"), None)) is not None:
        why = f"`{_line(said.path)}` runs it"
        if "package.json" in present:
            return Check(run=NPM_LINK + said.command, tests=globs), (npm_setup(present),), why
        return Check(run=said.command, tests=globs), (), why
    if marker is not None:
        return Check(run=marker[1], tests=globs), (), f"`{marker[0]}` is there"
    return None, (), known.why


def _languages(files: Sequence[str]) -> tuple[tuple[str, int], ...]:
    endings = Counter(_LANGUAGES.get(path.rsplit("/")[-1].rpartition(".")[2].lower(), "") for path in files)
    return tuple((name, count) for name, count in endings.most_common() if name)[:3]


def _check(found: Survey) -> list[str]:
    languages = ", ".join(f"{name} ({count} file{'s' if count != 1 else ''})" for name, count in found.languages)
    lines = [f"# Languages: {languages}." if languages else "# No language is known here.", "#"]
    if found.check is None:
        return [
            *lines,
            "# How the tests run was not found. Say it, or runs stop and ask for it: take the signs away.",
            f"# Looked for: {_line(found.why)}.",
            "#checks:",
            "#  tests:",
            '#    run: "make test"',
        ]
    check = found.check
    lines += [
        f"# How the tests run. {_line(found.why)}.",
        "# It runs in a box without network, secrets or a home, over a copy of the repository.",
        "checks:",
        "  tests:",
        f"    run: {_value(check.run)}",
    ]
    if check.tests:
        globs = ", ".join(_value(glob) for glob in check.tests)
        lines += ["    # Which files are tests: those of a change must fail without it.", f"    tests: [{globs}]"]
    if check.select is not None:
        lines += ["    # Runs only the files that it is given.", f"    select: {_value(check.select)}"]
    return lines


def _setup(found: Survey) -> list[str]:
    if found.setup:
        return [
            "# Done once before the tests, and kept until these commands or the files of dependencies change. Only",
            "# `/deps` is kept, and only pypi.org and registry.npmjs.org can be reached.",
            "setup:",
            *(f"  - {_value(command)}" for command in found.setup),
        ]
    proposed = [clue for clue in found.beside if clue.kind == "setup"][:MOST_SHOWN]
    return [
        "# What has to be installed before the tests is not set. Of what such commands leave behind only `/deps` is",
        "# kept, and only pypi.org and registry.npmjs.org can be reached: other dependencies must lie in the",
        "# repository or be on the machine that runs the bot.",
        "#setup:",
        *([f"#  - {_value(clue.command)}" for clue in proposed] or ['#  - "python3 -m venv /deps/venv"']),
    ]


def _beside(found: Survey) -> list[str]:
    """What is known and stands nowhere above, as comments."""
    shown = [clue for clue in found.beside if clue.kind == "test" or found.setup]
    lines = [f"# - {_line(clue.path)}: {_line(clue.command)}" for clue in shown[:MOST_SHOWN]]
    lines += [f"# - {_line(path)}: {_line(said)}" for path, said in found.remarks[:MOST_SHOWN]]
    if len(shown) > MOST_SHOWN:
        lines.append(f"# - and {len(shown) - MOST_SHOWN} commands more")
    told = ["", "# Others do this too, and it counts for nothing here unless you take it up:", *lines] if lines else []
    if found.unread:
        told += ["", "# Not understood, so that what stands there is missing above:"]
        told += [f"# - {_line(path)}: {_line(why)}" for path, why in found.unread[:MOST_SHOWN]]
    return told


def _value(text: str) -> str:
    """The text as a double-quoted scalar, in printable ASCII alone: it ends where we end it."""
    return '"' + "".join(_escaped(sign) for sign in text) + '"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    return sign if " " <= sign <= "~" else f"\\U{ord(sign):08x}"


def _line(text: str) -> str:
    """The text within a comment: printable ASCII, and nothing that ends a line."""
    return "".join(sign if " " <= sign <= "~" else "?" for sign in text[:LONGEST])
