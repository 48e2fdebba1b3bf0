"""Conflicts: whether what a model made of both sides still holds markers of the merge. Such a change is not shipped."""

import re

from core.feedback import Feedback
from core.names import Sha
from jobs.work import Work
from jobs.workbench import SEARCHED_BYTES, Workbench

_MARKER = re.compile(rb"^(?:<{7}|>{7}) [0-9a-f]{40}\r?$", re.MULTILINE)
"""A line that the merge of `adapters.git.threeway` writes: it names its sides by the ids of commits."""


async def unresolved(work: Work, bench: Workbench, tree: Sha) -> list[str]:
    """The paths of conflicts that the run went back for in which this tree holds a line that the merge wrote."""
    marked = [
        (path, Sha(back["tree"]))
        for back in work.went_back()
        if (said := back.get("feedback")) is not None
        and (conflict := Feedback.model_validate(said).conflict) is not None
        for path in conflict.paths
    ]
    return [path for path, was in marked if await _markers(bench, was, path) & await _markers(bench, tree, path)]


async def _markers(bench: Workbench, tree: Sha, path: str) -> set[bytes]:
    raw = await bench.workspace.read(tree, path, SEARCHED_BYTES)
    return {line.strip() for line in _MARKER.findall(raw)} if raw is not None else set()
