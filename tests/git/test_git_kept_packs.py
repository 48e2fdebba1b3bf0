"""A clone is kept as packs that build on one another: little is packed for a little more, and few are needed."""

import shutil
from pathlib import Path

from git_origin import REPO

from adapters.git.workspaces import GitWorkspace, Workspaces
from core.names import RunId, Sha
from core.workspaces import Pack


async def written(workspace: GitWorkspace, number: int, size: int = 10) -> Sha:
    """The tree after one more file was written."""
    (workspace.tree / f"file-{number}").write_text(f"{number}\n" * size)
    return await workspace.snapshot()


async def kept(workspace: GitWorkspace, chain: list[Pack]) -> list[Pack]:
    """The packs that are needed after what is new was kept beside these."""
    pack = await workspace.pack([one.id for one in chain])
    return [*chain[: pack.beside], pack] if pack.content else chain


async def test_of_many_small_additions_a_few_packs_are_needed_and_each_has_what_was_new(
    workspace: GitWorkspace,
) -> None:
    chain: list[Pack] = []
    needed = []
    for number in range(8):
        await written(workspace, number)
        chain = await kept(workspace, chain)
        needed.append(len(chain))
    assert needed == [1, 1, 2, 1, 2, 2, 3, 1]


async def test_a_large_pack_is_not_made_again_for_a_small_addition(workspace: GitWorkspace) -> None:
    for number in range(50):
        (workspace.tree / f"large-{number}").write_text(f"{number}\n")
    await workspace.snapshot()
    first = await kept(workspace, [])
    await written(workspace, 1)
    chain = await kept(workspace, first)
    assert chain[:1] == first
    assert [int.from_bytes(pack.content[8:12]) for pack in chain] == [51, 2], "the new file and its tree alone"


async def test_where_nothing_is_new_nothing_is_packed(workspace: GitWorkspace) -> None:
    await written(workspace, 1)
    chain = await kept(workspace, [])
    assert await workspace.pack([chain[0].id]) == Pack(b"", 1)
    assert workspace.holds(chain[0].id)
    assert not workspace.holds("0" * 40)


async def test_after_the_disk_was_wiped_the_needed_packs_bring_everything_back_and_are_built_upon(
    workspaces: Workspaces, workspace: GitWorkspace, base: Sha, data: Path
) -> None:
    chain: list[Pack] = []
    trees = []
    for number in range(5):
        trees.append(await written(workspace, number))
        chain = await kept(workspace, chain)
    shutil.rmtree(data / "workspaces")
    there = await workspaces.open(RunId("run000000001"), REPO, base)
    assert not await there.has(trees[0])
    for pack in reversed(chain):
        assert not there.holds(pack.id)
        await there.unpack(pack.content)
        assert there.holds(pack.id)
    for number, tree in enumerate(trees):
        assert await there.read(tree, f"file-{number}", 4) == f"{number}\n{number}\n".encode()
    await there.restore(trees[-1])
    await written(there, 5)
    further = await kept(there, chain)
    assert further[0] == chain[0], "what was taken in is not packed again"
    assert len(further) == 2
