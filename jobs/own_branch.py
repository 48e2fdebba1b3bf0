"""The branch of a run: its own, and named by us alone."""

import re

from jobs.onboarding import BRANCH, made
from jobs.work import Work


def branch_name(work: Work) -> str:
    """`pullwright/<issue>-<slug>-<run>`: the run's own, whatever the title says. A repository's onboarding has one
    branch, whichever run does it."""
    if made(work) is not None:
        return BRANCH
    words = re.sub(r"[^a-z0-9]+", "-", work.run.snapshot.title.lower()).strip("-")
    slug = words[:32].strip("-") or "change"
    return f"pullwright/{work.number}-{slug}-{work.run.id}"
