"""Who is an author of what a run went on with: whoever pushed it, as GitHub told, and where that is not known of all of
it, the people named in those commits. They approve nothing of their own.
"""

from jobs.adopted import ADOPTED
from jobs.authors import authors_of, pushes_told
from jobs.work import Work

PUSHERS = "pushers"
"""The key in what sent a run back that names the authors of what people pushed and its change holds from there on."""


async def who_pushed(work: Work) -> tuple[str, ...]:
    """Everybody who pushed to the run's branch, by login, as far as GitHub has told by now."""
    return tuple(dict.fromkeys(one.actor for one in await pushes_told(work)))


async def pushers_of_change(work: Work) -> tuple[str, ...]:
    """Everybody whose approval of the run's change is no independent one; none where it holds nobody's push.

    Whoever pushed at any time is among them, since GitHub may tell of a push only after the run went on with it. GitHub
    is asked again whose code lies there. What people may approve can only become less by that.
    """
    adopted = [back for back in work.went_back() if back.get(PUSHERS)]
    if not adopted:
        return ()
    known = [str(login) for back in adopted for login in back[PUSHERS]]
    now = await authors_of(work, [back[ADOPTED] for back in adopted])
    return tuple(dict.fromkeys([*known, *await who_pushed(work), *now.people]))
