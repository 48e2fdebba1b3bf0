"""Write: a file of the workflow's own, put into the tree. No box is needed for it, and nothing in the tree is run."""

from core.errors import TreeRefused
from core.expressions import as_text, expand
from core.workflow import Step, Write
from jobs import handed
from jobs.outcomes import Done, Outcome
from jobs.work import Work


async def perform(step: Step, write: Write, work: Work) -> Outcome:
    """Done with the tree that has the file. Raises TreeRefused for a path that is none, or content that is no text."""
    content = _bytes(as_text(expand(write.content, await handed.values(work))), write.path)
    tree = await (await work.bench()).workspace.put(work.tree(), write.path, content)
    await work.keep_workspace(tree)
    return Done({"tree": tree, "path": write.path}, f"{len(content):,} bytes")


def _bytes(text: str, path: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # JSON can spell half a character, and a command or a model may have handed one over.
        raise TreeRefused(f"What is to be written to {path} is not text: it has half a character in it.") from None
