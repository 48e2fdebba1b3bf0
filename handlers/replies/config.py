"""The text of the check run on a commit that changes our own files in a repository."""

from collections.abc import Sequence

from core.effects import Annotation
from handlers.neutralise import code, line
from handlers.replies.checks import CheckText
from handlers.replies.words import block, plural

MOST_LISTED = 100


def check_config(found: Sequence[Annotation], files: int) -> CheckText:
    """`pullwright/config`: what is wrong with the `files` files of ours at a commit."""
    if not found:
        there = f"{plural(files, 'file')} of Pullwright's can be read and used."
        none = "No file of Pullwright's is left here: the operator's policy or the built-in one counts."
        return CheckText("The configuration is valid", there if files else none)
    broken = len({one.path for one in found})
    rows = [f"- {code(f'{one.path}:{one.line}:{one.column}')}: {line(one.message)}" for one in found[:MOST_LISTED]]
    rows += [f"- and {len(found) - MOST_LISTED} more"] if len(found) > MOST_LISTED else []
    return CheckText(
        f"{plural(len(found), 'mistake')} in {plural(broken, 'file')}",
        block(
            "On the default branch a policy with a mistake stops everything here, and a workflow with a mistake starts "
            "nothing.",
            "`pullwright policy check FILE` and `pullwright workflow validate FILE` say the same on your machine.",
        ),
        "\n".join(rows),
    )
