"""The receiver on PostgreSQL: 202 means that it is there, and 503 that GitHub's log still has to be asked for it."""

import asyncio
import uuid

import psycopg
import pytest
from postgresql_cluster import PostgresServer

from adapters.settings import Settings


@pytest.fixture
def settings(settings: Settings, postgresql_url: str) -> Settings:
    return settings.model_copy(update={"database_url": postgresql_url})


async def test_a_group_of_deliveries_is_answered_with_202_and_stored_once_each(post, inbox, postgresql_url: str):
    guids = [str(uuid.uuid4()) for _ in range(40)]
    answers = await asyncio.gather(*(post(X_GitHub_Delivery=guid) for guid in guids + guids))
    assert {answer.status for answer in answers} == {202}
    assert sorted(one.guid for one in await inbox()) == sorted(guids)


async def test_without_its_database_the_answer_is_503_and_the_next_try_is_stored(
    post, inbox, bell, postgresql: PostgresServer, postgresql_url: str
):
    guid = str(uuid.uuid4())
    assert (await post()).status == 202
    rung = bell.intake_rings
    with postgresql.away(postgresql_url):
        refused = await post(X_GitHub_Delivery=guid)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
    assert bell.intake_rings == rung
    assert (await post(X_GitHub_Delivery=guid)).status == 202
    assert guid in [one.guid for one in await inbox()]


async def test_a_connection_that_was_cut_meanwhile_costs_no_delivery(
    post, inbox, postgresql: PostgresServer, postgresql_url: str
):
    for _ in range(3):
        assert (await post()).status == 202
        postgresql.disconnect(postgresql_url)
    assert len(await inbox()) == 3


async def test_readyz_follows_the_database(client, postgresql: PostgresServer, postgresql_url: str):
    assert (await client.get("/readyz")).status == 200
    with postgresql.away(postgresql_url):
        assert (await client.get("/readyz")).status == 503
    assert (await client.get("/readyz")).status == 200


async def test_readyz_is_503_where_the_tables_are_older_than_the_code(client, postgresql_url: str):
    with psycopg.connect(postgresql_url) as db:
        ((newest,),) = db.execute("SELECT version_num FROM alembic_version").fetchall()
        db.execute("UPDATE alembic_version SET version_num = '0001'")
    response = await client.get("/readyz")
    assert (response.status, await response.json()) == (
        503,
        {
            "status": "unavailable",
            "database": f"The tables of the database are at revision 0001, and this Pullwright needs {newest}.",
        },
    )
