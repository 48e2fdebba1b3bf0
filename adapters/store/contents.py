"""Contents: which run has which stored content, so that one is removed only when no run has it any more."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import insert as insert_into
from adapters.store.tables import contents
from core.names import RunId

_NAMING = frozenset({"artifact", "output_digest"})
"""Keys under which the outputs of steps name a content."""


async def note(db: AsyncConnection, run_id: RunId, digests: set[str]) -> None:
    """The run has these contents from now on."""
    if digests:
        rows = [{"run_id": run_id, "digest": digest} for digest in sorted(digests)]
        await db.execute(insert_into(db, contents).on_conflict_do_nothing(), rows)


def named_in(output: Any) -> set[str]:
    """Every content that the output of a step names, however deep in it."""
    return set(_named(output))


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in _NAMING and isinstance(inner, str):
                yield inner
            else:
                yield from _named(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner)
