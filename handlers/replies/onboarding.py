"""What the onboarding pull request says: what was found in which file, what is not set, and what to do next."""

from handlers.neutralise import code, line
from handlers.replies.words import block, plural
from policies.schema import PATH
from policies.survey import Survey

SHOWN = 6


def onboarding_title() -> str:
    return f"add {PATH}"


def onboarding_summary(found: Survey, policy: str) -> str:
    """The text of the pull request and of its commit."""
    return block(
        f"Adds {code(PATH)}, made from the files of this repository and by no model. It says how the tests run; every "
        f"other key stands in it as a comment, and the built-in policy `{policy}` counts as before.",
        "\n".join(["**Found**", "", *_found(found)]),
        "\n".join(["**Not set**", "", *unset]) if (unset := _unset(found)) else "",
        "**Next**: read the file and correct it where it is wrong; `pullwright policy check` finds slips. Nothing of "
        "it counts before somebody merges this, and what it runs then runs in a box. Close it to do without: I offer "
        "it again only when asked to.",
    )


def _found(found: Survey) -> list[str]:
    rows = []
    if found.languages:
        named = ", ".join(f"{name} ({plural(count, 'file')})" for name, count in found.languages)
        rows.append(f"- languages: {named}")
    if found.check is not None:
        rows.append(f"- tests: {code(found.check.run)}, since {line(found.why)}")
    rows += [f"- setup: {code(command)}" for command in found.setup[:SHOWN]]
    beside = [f"{code(clue.command)} in {code(clue.path)}" for clue in found.beside[:SHOWN]]
    if beside:
        rows.append(f"- others run: {', '.join(beside)}")
    rows += [f"- {code(path)}: {line(said)}" for path, said in found.remarks[:SHOWN]]
    return rows or ["- nothing that says how this is tested"]


def _unset(found: Survey) -> list[str]:
    rows = [] if found.check is not None else [f"- `checks`: how the tests run. Looked for: {line(found.why)}"]
    if not found.setup:
        rows.append("- `setup`: what has to be installed before the tests")
    return rows + [f"- not understood: {code(path)}, since {line(why)}" for path, why in found.unread[:SHOWN]]
