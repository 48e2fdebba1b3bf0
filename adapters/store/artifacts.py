"""Artifacts of runs: which content a run stored under which name. The name authorises, never the hash."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import contents
from adapters.store.statements import insert as insert_into
from adapters.store.tables import artifacts
from core.names import Digest, RunId, Value

_t = artifacts.c


class Artifact(Value):
    name: str
    digest: Digest
    size: int
    """Bytes."""
    media_type: str
    at: datetime


async def record(
    db: AsyncConnection, run_id: RunId, name: str, digest: Digest, size: int, media_type: str, at: datetime
) -> None:
    """Let the run's name mean this content from now on; a replay records the same again."""
    content = {"digest": digest, "size": size, "media_type": media_type, "at": at}
    statement = insert_into(db, artifacts).values(run_id=run_id, name=name, **content)
    await db.execute(statement.on_conflict_do_update(index_elements=["run_id", "name"], set_=content))
    await contents.note(db, run_id, {digest})


async def drop(db: AsyncConnection, run_id: RunId, names: Collection[str]) -> None:
    """Let these names of the run mean nothing any more; what they meant stays as long as the run."""
    if names:
        await db.execute(sa.delete(artifacts).where(_t.run_id == run_id, _t.name.in_(names)))


async def of_run(db: AsyncConnection, run_id: RunId) -> list[Artifact]:
    """What the run stored, oldest first."""
    columns = [_t[field] for field in Artifact.model_fields]
    query = sa.select(*columns).where(_t.run_id == run_id).order_by(_t.at, _t.name)
    return [Artifact(**row) for row in (await db.execute(query)).mappings()]


async def get(db: AsyncConnection, run_id: RunId, name: str) -> Artifact | None:
    columns = [_t[field] for field in Artifact.model_fields]
    query = sa.select(*columns).where(_t.run_id == run_id, _t.name == name)
    row = (await db.execute(query)).mappings().first()
    return Artifact(**row) if row else None
