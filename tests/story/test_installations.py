"""The life of an installation: suspended and resumed, renamed and archived, taken away, and what is left of it then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import World

from adapters.store import repositories
from adapters.store.tables import (
    costs,
    deliveries,
    effects,
    events,
    installations,
    metadata,
    runs,
    shut,
)
from bot.demo.github.acts import repositories as acts
from bot.demo.github.records import Actor, Installation
from jobs import engine
from jobs.installations import forget
from jobs.intake import drain


@asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[World]:
    """A world in which nobody is asked about plans, and whose tests cost nothing."""
    folder.mkdir(exist_ok=True)
    origin = source(folder, checks={"tests": {"run": "true"}})
    async with quick_world(folder, source=origin, policy=AT_ONCE, settings={"PULLWRIGHT_SANDBOX": "none"}) as world:
        yield world


def installation(world: World) -> Installation:
    (only,) = world.town.github.world.installations.values()
    return only


def owner(world: World) -> Actor:
    return Actor(world.town.repository.owner)


async def outcomes(world: World, event: str) -> list[str]:
    async with world.services.store.read() as db:
        query = sa.select(deliveries.c.outcome).where(deliveries.c.event == event).order_by(deliveries.c.received_at)
        return list((await db.execute(query)).scalars())


async def count(world: World, table: sa.Table) -> int:
    async with world.services.store.read() as db:
        return int((await db.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())


async def test_a_suspended_installation_pauses_its_run_which_goes_on_when_that_ends(tmp_path: Path) -> None:
    async with shop(tmp_path) as world:
        await world.ask()
        await world.town.github.webhooks.delivered()
        await drain(world.services)
        number = installation(world)
        world.town.github.world.suspend(number)
        await world.settle()
        assert (await outcomes(world, "installation"))[-1] == (
            f"installation {number.id} of acme is suspended: its runs wait"
        )
        assert ((await world.run()).state, world.replies()) == ("queued", [])
        world.town.github.world.suspend(number, suspended=False)
        await world.settle()
        assert (await outcomes(world, "installation"))[-1] == f"installation {number.id} of acme is known"
        assert (await world.run()).state == "waiting"


@pytest.mark.slow
async def test_a_run_that_finds_out_by_itself_that_the_app_is_suspended_waits_and_does_not_fail(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as world:
        await world.ask()
        await world.town.github.webhooks.delivered()
        await drain(world.services)
        world.town.github.webhooks.pause()
        world.town.github.world.suspend(installation(world))
        await engine.look(world.services, (await world.run()).id, asyncio.Event())
        assert ((await world.run()).state, (await world.journal())[-1].facts["code"]) == (
            "queued",
            "installation-suspended",
        )
        world.town.github.world.suspend(installation(world), suspended=False)
        world.town.github.webhooks.resume()
        await world.settle_in_time()
        assert (await world.run()).state == "waiting"


@pytest.mark.slow
async def test_a_run_goes_on_under_the_new_name_of_its_repository(tmp_path: Path) -> None:
    async with shop(tmp_path) as world:
        await world.ask()
        await world.settle()
        acts.rename(world.town.github.world, owner(world), world.town.repository, "renamed")
        await world.settle()
        assert await outcomes(world, "repository") == ["the repository is open"]
        run = await world.run()
        assert run.repo.name == "renamed"
        async with world.services.store.read() as db:
            assert [repo.name for repo in await repositories.all_(db)] == ["renamed"]
        pull = world.pull_number
        await world.approver.approve(pull)
        await world.settle()
        assert (await world.run()).ended_why == f"#{pull} is merged"


@pytest.mark.slow
async def test_nothing_is_written_to_an_archived_repository_until_it_is_taken_out_of_the_archive(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as world:
        await world.ask()
        await world.settle()
        github, repository, pull = world.town.github.world, world.town.repository, world.pull_number
        await world.approver.approve(pull)
        acts.archive(github, owner(world), repository)
        await world.town.github.webhooks.delivered()
        before = github.summary(repository)
        await world.settle()
        assert (github.summary(repository), (await world.run()).ended_why) == (before, None)
        assert (await outcomes(world, "repository"))[-1] == (
            "the repository is shut: The repository is archived at GitHub, and nobody can write to it."
        )
        acts.archive(github, owner(world), repository, archived=False)
        await world.settle_in_time()
        assert (await world.run()).ended_why == f"#{pull} is merged"


@pytest.mark.slow
async def test_a_run_ends_where_its_repository_is_taken_out_of_the_installation_or_deleted(tmp_path: Path) -> None:
    for how in ("withdrawn", "deleted"):
        async with shop(tmp_path / how) as world:
            await world.ask()
            await world.settle()
            github, repository = world.town.github.world, world.town.repository
            if how == "withdrawn":
                github.withdraw(installation(world), repository)
            else:
                acts.delete(github, owner(world), repository)
            await world.settle()
            run = await world.run()
            said = f"The App has no access to {repository.full_name} any more."
            assert (run.state, run.ended_why) == ("cancelled", said)


async def test_a_forged_word_that_the_app_was_removed_deletes_nothing(tmp_path: Path) -> None:
    async with shop(tmp_path) as world:
        await world.settle()
        github, number = world.town.github.world, installation(world)
        github.webhooks.installation(github, "deleted", number, owner(world))
        github.webhooks.installation_repositories(github, number, [], [world.town.repository], owner(world))
        await world.settle()
        await forget(world.services)
        assert (await outcomes(world, "installation"))[-1] == f"installation {number.id} of acme is known"
        assert await outcomes(world, "installation_repositories") == [f"installation {number.id} of acme is known"]
        assert (await count(world, shut), await count(world, installations)) == (0, 1)


@pytest.mark.slow
async def test_an_uninstalled_app_keeps_nothing_of_the_account(tmp_path: Path) -> None:
    async with shop(tmp_path) as world:
        await world.ask()
        await world.settle()
        number, repository = installation(world), world.town.repository
        assert world.services.mirrors.path(repository.id).is_dir()
        assert await count(world, runs) == 1
        world.town.github.world.uninstall(number)
        await world.settle()
        assert (await outcomes(world, "installation"))[-1] == (
            f"installation {number.id} is gone: what is kept of it is deleted"
        )
        await forget(world.services)
        left = {table.name: await count(world, table) for table in metadata.sorted_tables}
        of_theirs = (runs, events, effects, costs, deliveries, installations, shut)
        assert {table.name: left[table.name] for table in of_theirs} == {table.name: 0 for table in of_theirs}
        assert {name: n for name, n in left.items() if n and name not in {"leases", "allowances", "breakers"}} == {}
        assert not world.services.mirrors.path(repository.id).exists()
        await forget(world.services)
