"""What people are told of the repository's own CI: what it would expose, and until when it is held back."""

from collections.abc import Sequence

from core.digests import short
from core.names import Digest
from core.outputs import ChangeSummary
from handlers.neutralise import code, fenced, line, quoted
from handlers.replies.words import block
from policies.exposure import Hold
from policies.render import markdown
from policies.result import Result, Status

MARKER = "[skip ci]"
"""What keeps GitHub Actions quiet on `push` and `pull_request`, and most other services too:
https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs. No text of a model holds it
(`handlers.neutralise`), so only code decides where it stands."""
MOST_NAMED = 3


def held_message(message: str) -> str:
    """The final message with the marker in a paragraph of its own: the title and the trailers stay as they are."""
    title, _, rest = message.partition("\n")
    return block(title, f"{MARKER} until people have approved the change.", rest.strip("\n")) + "\n"


def ci_exposure(result: Result, hold: Hold, quiet: str = "") -> str:
    """What CI would expose, for the plan; nothing where there is no CI that would start, and none is held.

    `quiet` is what will not start even then.
    """
    if result.status is Status.skipped and hold is Hold.nothing:
        return ""
    each = f"<details><summary>Each workflow</summary>\n\n{markdown(result)}\n\n</details>" if result.children else ""
    return block(f"**What CI would expose**: {_exposed(result)} {_follows(hold, result)}".rstrip(), quiet, each)


def ci_held(result: Result, base: str, quiet: str = "") -> str:
    """Why the commit of a pull request keeps CI quiet, and what that asks of people. `quiet`: what never starts."""
    return block(
        f"**CI is held back** until exactly this change is approved. {_exposed(result)}".rstrip(),
        f"Approve before you merge: the commit says `{MARKER}` until then, and a merge would carry that into "
        f"`{line(base, 200).replace('`', '')}`, where CI would stay quiet too.",
        quiet,
    )


def unpushed_change(summary: ChangeSummary, digest: Digest, exposure: Result, patch: str, asks: str) -> str:
    """A change as people approve it before anything of it is pushed. `patch` is all of it, and is shown whole."""
    return block(
        f"### Change `{short(digest)}`, not pushed yet",
        f"**{line(summary.title, 72)}**",
        quoted(summary.summary) if summary.summary else "",
        f"Pushing it, or opening its pull request, would start what `{MARKER}` does not stop. {_exposed(exposure)}",
        f"<details><summary>The whole change</summary>\n\n{fenced(patch, len(patch) + 1, 'diff')}\n\n</details>",
        asks,
    )


def change_tampered(digest: Digest) -> str:
    """Said above a change that is shown again, because somebody changed the first comment."""
    return (
        f"⚠️ Somebody edited my comment with change `{short(digest)}`: what people approved may not be what they read. "
        "Approvals given since do not count. This is the change as it is:"
    )


def ci_stays_red(person: str, checks: Sequence[str], rounds: int) -> str:
    """Red checks were to be mended, and are red still. Their names are the words of others."""
    named = ", ".join(code(name, 60) for name in checks[:MOST_NAMED])
    more = f" and {len(checks) - MOST_NAMED} more" if len(checks) > MOST_NAMED else ""
    return (
        f"@{person}, CI is still red after {rounds} rounds: {named}{more}. I am waiting, and will change nothing more "
        "on my own. Run the checks again where they fail by chance; `/revise` says what to do, `/take` makes it yours, "
        "`/reject` ends it."
    )


def sign_off_wanted(person: str, checks: Sequence[str]) -> str:
    """The one thing that is red asks who signs off the commits (DCO), which no round changes."""
    named = ", ".join(code(name, 60) for name in checks[:MOST_NAMED])
    return (
        f"@{person}, {named} is red: it asks who signs off the commits, and no change of files mends that. "
        "`sign_off: always` in `.github/pullwright.yml` has me sign off in my own name, in a run that `/retry` begins; "
        "somebody who may can also pass the check by hand, and I continue. `/reject` ends it."
    )


def _exposed(result: Result) -> str:
    if not result.refused:
        return "Nothing that is known." if result.status is Status.approved else ""
    found = [child.why for child in result.children if child.refused]
    more = [f"{len(found) - MOST_NAMED} more files are like that."] if len(found) > MOST_NAMED else []
    return " ".join([*(line(why, 400) for why in found[:MOST_NAMED]), *more])


def _follows(hold: Hold, result: Result) -> str:
    match hold:
        case Hold.nothing:
            return "It runs at once anyway, because the policy says `ci: run`." if result.refused else ""
        case Hold.marker:
            return f"The branch is pushed with `{MARKER}`, and CI runs once the change is approved."
        case Hold.unpushed:
            why = f"`{MARKER}` does not stop that, so nothing is pushed"
            return f"{why} until the change is approved, which is shown here."
