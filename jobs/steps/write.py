"""Write: a file of the workflow's own, put into the tree. No box is needed for it, and nothing in the tree is run."""

from core.expressions import as_text, expand
from core.workflow import Step, Write
from jobs import handed
from jobs.outcomes import Done, Outcome
from jobs.work import Work


async def perform(step: Step, write: Write, work: Work) -> Outcome:
    """Done with the tree that has the file. Raises TreeRefused for a path that is none.

    The content is text: half a character, which JSON can spell, is replaced before a value is handed to a step.
    """
    content = as_text(expand(write.content, await handed.values(work))).encode()
    tree = await (await work.bench()).workspace.put(work.tree(), write.path, content)
    await work.keep_workspace(tree)
    return Done({"tree": tree, "path": write.path}, f"{len(content):,} bytes")
