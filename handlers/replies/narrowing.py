"""What people are told who want some files of a change alone."""

from collections.abc import Sequence

from core.digests import short
from core.names import Digest
from handlers.replies.words import block, paths


def narrowing(dropped: Sequence[str]) -> str:
    """The run goes back to leave these files out."""
    return block(
        "These files are left out of the change:",
        "\n".join(paths(dropped)),
        "What is left is checked again, and then I ask whether it is right: nothing is approved yet.",
    )


def not_in_the_change(unknown: Sequence[str], known: Sequence[str]) -> str:
    """Somebody named files that the change does not touch."""
    return block(
        "Nothing was done: the change does not touch", "\n".join(paths(unknown)), "It touches", "\n".join(paths(known))
    )


def every_file(digest: Digest) -> str:
    """Somebody named every file there is."""
    return f"Those are all files of the change. To approve it as it is: `/approve {short(digest)}`."


def cannot_narrow(workflow: str) -> str:
    """The workflow does not go back to an agent that made the change."""
    return (
        f"The workflow `{workflow}` cannot leave files out: its gate does not go back to the step whose agent made the "
        "change. Approve all of it, or end it with `/reject`."
    )


def files_of_a_change_only() -> str:
    """Somebody names files where no change waits that has any."""
    return "Only files of a change can be named, behind its digest, while it waits to be approved."
