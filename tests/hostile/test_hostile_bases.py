"""A repository that is hostile from its first commit: the run begins or says why not, and nothing else happens."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from git_origin import BOT, REPO, WHEN, run_git
from hostile_bases import BASES, Base, build
from hostile_host import CANARY, Host
from story_sources import AT_ONCE, ONE_FILE, policy, script
from story_world import SAMPLE, open_world

from adapters.git.failures import BaseUnusable
from adapters.git.mirrors import Mirrors
from adapters.git.workspaces import Workspaces
from adapters.sandbox import boxes
from core.boxes import Command
from core.names import RunId, Sha

FILES = {".github/pullwright.yml": policy()}
SAMPLE_REPOSITORY = SAMPLE / "repository"


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.name)
async def test_a_hostile_base_is_checked_out_as_plain_content_or_not_at_all(
    host: Host, tmp_path: Path, base: Base
) -> None:
    mirrors = Mirrors(tmp_path / "mirrors")
    mirror = build(base, SAMPLE_REPOSITORY, mirrors.path(REPO.id), host.folder, FILES)
    at = Sha(run_git(mirror, "rev-parse", "refs/heads/main"))
    opening = Workspaces(tmp_path / "workspaces", mirrors).open(RunId("run000000001"), REPO, at)
    if base.refused:
        with pytest.raises(BaseUnusable, match=base.refused):
            await opening
        assert not list((tmp_path / "workspaces").rglob("evil"))
    else:
        workspace = await opening
        before = await workspace.snapshot()
        assert not base.sound or before == run_git(mirror, "rev-parse", "refs/heads/main^{tree}")
        box = boxes("bubblewrap").open(workspace.tree, mounts=workspace.mounts)
        result = await box.run(Command(("sh", "-c", "git status --porcelain; find -L . -type f | xargs -d '\\n' cat")))
        await box.kill()
        assert CANARY not in result.text
        (workspace.tree / "slugs/text.py").write_text("evil = 1\n")
        tree = await workspace.snapshot()
        assert [path.path for path in await workspace.changed_paths(before, tree)] == ["slugs/text.py"]
        head = await workspace.commit(tree, [at], "fix: slugs\n", BOT, WHEN)
        assert b"+evil = 1" in (await workspace.diff(at, head)).patch
        for mode, path, _ in base.entries:
            if mode == "120000":
                assert await workspace.read(at, path.decode(), 1000) is None
    assert not host.ran
    assert not host.touched


def together(bases: Iterable[Base]) -> Base:
    """One repository with the entries and references of all of them; of one path the last entry counts."""
    entries = {entry[1]: entry for base in bases for entry in base.entries}
    refs = tuple(ref for base in bases for ref in base.refs)
    return Base("all", "", "", tuple(entries.values()), refs=refs)


@pytest.mark.slow
async def test_the_service_works_on_a_base_that_holds_all_of_it_and_pushes_to_its_own_branch_alone(
    host: Host, tmp_path: Path
) -> None:
    base = together([base for base in BASES if not base.refused and base.sound])
    source = build(base, SAMPLE_REPOSITORY, tmp_path / "hostile.git", host.folder, FILES)
    async with open_world(tmp_path / "world", source=source, script=script(change=ONE_FILE), policy=AT_ONCE) as world:
        before = await world.town.github.world.branches(world.town.repository)
        await world.ask()
        await world.settle_in_time()
        run = await world.run()
        assert (run.state, world.pull.draft) == ("waiting", False), run.ended_why
        after = await world.town.github.world.branches(world.town.repository)
        assert after == before | {world.pull.head_ref: world.pull.head_sha}
        assert CANARY not in str(world.replies())
        assert CANARY not in str(world.town.model and world.town.model.conversations)
    assert not host.ran
    assert not host.touched


@pytest.mark.parametrize(
    "base",
    [pytest.param(base, marks=() if base.name == "base with hooks" else pytest.mark.slow, id=base.name)
     for base in BASES if base.refused],
)  # fmt: skip
async def test_a_run_on_a_base_that_cannot_be_checked_out_says_so_and_pushes_nothing(
    host: Host, tmp_path: Path, base: Base
) -> None:
    source = build(base, SAMPLE_REPOSITORY, tmp_path / "hostile.git", host.folder, FILES)
    async with open_world(tmp_path / "world", source=source, policy=AT_ONCE) as world:
        await world.ask()
        await world.settle_in_time()
        run = await world.run()
        assert (run.state, run.ended_code) == ("failed", "base-unusable")
        for place in (str(run.ended_why), str((await world.journal())[-1].facts), world.replies()[-1]):
            assert base.refused in place
        assert await world.town.github.world.branches(world.town.repository) == {"main": run.base_sha}
    assert not host.ran
