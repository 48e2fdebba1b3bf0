"""Survey: what the files of a repository say of its languages and of how it is tested. They are read, and never run."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from policies import clues, detect
from policies.clues import Clue, Clues
from policies.detect import NPM_LINK, TESTS, npm_setup
from policies.schema import Check

Read = Callable[[str], str | None]

MOST_FILES = 40
"""Files of CI and containers that are read."""
LONGEST_COMMAND = 2_000
"""Characters that a policy file allows."""
LONGEST = 160
"""Characters of what is shown of anybody's text."""

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


def legible(text: str) -> str:
    """The beginning of anybody's text, as one line of printable ASCII."""
    return "".join(sign if " " <= sign <= "~" else "?" for sign in text[:LONGEST])


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
        why = f"`{legible(said.path)}` runs it"
        if "package.json" in present:
            return Check(run=NPM_LINK + said.command, tests=globs), (npm_setup(present),), why
        return Check(run=said.command, tests=globs), (), why
    if marker is not None:
        return Check(run=marker[1], tests=globs), (), f"`{marker[0]}` is there"
    return None, (), known.why


def _languages(files: Sequence[str]) -> tuple[tuple[str, int], ...]:
    endings = Counter(_LANGUAGES.get(path.rsplit("/")[-1].rpartition(".")[2].lower(), "") for path in files)
    return tuple((name, count) for name, count in endings.most_common() if name)[:3]
