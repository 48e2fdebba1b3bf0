"""GitHub Enterprise Server: the web address is all that the service is told, and what the server lacks is done without.

Its API lies below `/api/v3`, GraphQL's at `/api/graphql`, and it has no rate limits by default.
"""

from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world

from adapters.settings import load


@pytest.mark.slow
async def test_the_whole_story_on_an_enterprise_server_without_reactions(tmp_path: Path) -> None:
    origin = source(tmp_path, checks={"tests": {"run": "true"}})
    settings = {"PULLWRIGHT_SANDBOX": "none"}
    async with quick_world(tmp_path, source=origin, policy=AT_ONCE, settings=settings, enterprise=True) as world:
        assert load(world.town.environ).github_api_url == f"{world.town.github.url}/api/v3"
        world.town.github.faults.lacks("POST", "/api/v3/repos/*/*/issues/*/reactions")
        await world.ask()
        await world.settle_in_time()
        await world.approver.approve(world.pull_number)
        await world.settle_in_time()
        assert (await world.run()).ended_why == f"#{world.pull_number} is merged"
        assert world.town.github.faults.lacked
        given_up = [one for one in await world.journal() if one.name == "effect.given_up"]
        assert {one.facts["kind"] for one in given_up} == {"reaction"}
        assert all("\n" not in one.facts["why"] for one in given_up)
        api = {seen.path.split("/repos/")[0] for seen in world.town.github.world.requests if "/repos/" in seen.path}
        assert api == {"/api/v3"}
