"""Onboarding: the first `.github/pullwright.yml` of a repository, made from the files that it has.

The file decides nothing but how the repository is tested: all else means what counts there already, and is said in it
where the built-in policy says otherwise. Whatever comes from the repository stands in it as a quoted value or in a
comment, so that it cannot become a key; it runs where every command runs, in a box, and not before a person has merged
the file.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from policies.schema import Policy, built_in
from policies.starting_file import starting_file
from policies.survey import Survey, legible

MOST_SHOWN = 12


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


def _check(found: Survey) -> list[str]:
    languages = ", ".join(f"{name} ({count} file{'s' if count != 1 else ''})" for name, count in found.languages)
    lines = [f"# Languages: {languages}." if languages else "# No language is known here.", "#"]
    if found.check is None:
        return [
            *lines,
            "# How the tests run was not found. Say it, or runs stop and ask for it: take the signs away.",
            f"# Looked for: {legible(found.why)}.",
            "#checks:",
            "#  tests:",
            '#    run: "make test"',
        ]
    check = found.check
    lines += [
        f"# How the tests run. {legible(found.why)}.",
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
    lines = [f"# - {legible(clue.path)}: {legible(clue.command)}" for clue in shown[:MOST_SHOWN]]
    lines += [f"# - {legible(path)}: {legible(said)}" for path, said in found.remarks[:MOST_SHOWN]]
    if len(shown) > MOST_SHOWN:
        lines.append(f"# - and {len(shown) - MOST_SHOWN} commands more")
    told = ["", "# Others do this too, and it counts for nothing here unless you take it up:", *lines] if lines else []
    if found.unread:
        told += ["", "# Not understood, so that what stands there is missing above:"]
        told += [f"# - {legible(path)}: {legible(why)}" for path, why in found.unread[:MOST_SHOWN]]
    return told


def _value(text: str) -> str:
    """The text as a double-quoted scalar, in printable ASCII alone: it ends where we end it."""
    return '"' + "".join(_escaped(sign) for sign in text) + '"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    return sign if " " <= sign <= "~" else f"\\U{ord(sign):08x}"
