"""The branch of a run: its own, and named by us alone."""

import re

from jobs.work import Work


def branch_name(work: Work) -> str:
    """`pullwright/<issue>-<slug>-<run>`: the run's own, whatever the title says."""
    words = re.sub(r"[^a-z0-9]+", "-", work.run.snapshot.title.lower()).strip("-")
    slug = words[:32].strip("-") or "change"
    return f"pullwright/{work.number}-{slug}-{work.run.id}"
