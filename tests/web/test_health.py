"""How the service says how it is."""

import sqlite3

from prometheus_client.parser import text_string_to_metric_families


async def test_healthz_says_that_the_process_lives(client):
    response = await client.get("/healthz")
    assert (response.status, await response.json()) == (200, {"status": "ok"})


async def test_readyz_is_ok_with_database_and_redis(client):
    response = await client.get("/readyz")
    assert (response.status, await response.json()) == (200, {"status": "ok", "database": "ok", "redis": "ok"})


async def test_readyz_without_redis_is_degraded_but_ready(client, bell):
    bell.heard = False
    response = await client.get("/readyz")
    assert (response.status, await response.json()) == (
        200,
        {"status": "degraded", "database": "ok", "redis": "unreachable"},
    )


async def test_readyz_without_its_tables_is_503(client, tmp_path):
    with sqlite3.connect(tmp_path / "web.db") as other:
        other.execute("DROP TABLE deliveries")
    other.close()
    response = await client.get("/readyz")
    assert response.status == 503
    assert (await response.json())["status"] == "unavailable"


async def test_metrics_count_answers_deliveries_and_runs(client, post):
    await post()
    await post(b"no")
    response = await client.get("/metrics")
    families = text_string_to_metric_families(await response.text())
    samples = {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}
    assert samples["pullwright_webhook_answers_total", "202"] == 1
    assert samples["pullwright_webhook_answers_total", "400"] == 1
    assert samples["pullwright_deliveries_stored_total",] == 1
    assert samples["pullwright_commit_group_deliveries_count",] == 1
    assert samples["pullwright_deliveries", "pending"] == 1
    assert samples["pullwright_runs", "queued"] == 0
    assert samples["pullwright_database_up",] == 1


async def test_metrics_of_a_broken_database_say_so_and_do_not_fail(client, tmp_path):
    with sqlite3.connect(tmp_path / "web.db") as other:
        other.execute("DROP TABLE runs")
    other.close()
    response = await client.get("/metrics")
    assert response.status == 200
    assert "pullwright_database_up 0.0" in await response.text()
