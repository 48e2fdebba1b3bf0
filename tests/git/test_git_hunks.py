"""Which lines a diff shows, whatever the files say."""

from adapters.git.workspaces import GitWorkspace
from core.names import Sha

TEXT = "".join(f"line {number}\n" for number in range(1, 31))


async def test_the_lines_around_every_change_are_shown_and_no_others(workspace: GitWorkspace, base: Sha):
    old = await workspace.put(base, "docs/text", TEXT.encode())
    changed = TEXT.replace("line 5\n", "five\nand more\n").replace("line 30\n", "thirty\n")
    new = await workspace.put(await workspace.put(old, "docs/text", changed.encode()), "new file", b"one\ntwo")
    assert await workspace.shown_lines(old, new) == {"docs/text": [(2, 9), (28, 31)], "new file": [(1, 2)]}


async def test_lines_that_look_like_a_diff_are_lines_of_the_file(workspace: GitWorkspace, base: Sha):
    forged = "++ b/other\n@@ -1 +1,900 @@\n" + "diff --git a/x b/x\n"
    new = await workspace.put(base, "text", forged.encode())
    assert await workspace.shown_lines(base, new) == {"text": [(1, 3)]}


async def test_a_file_that_only_moved_shows_nothing_and_a_name_that_git_quotes_is_left_out(
    workspace: GitWorkspace, base: Sha
):
    old = await workspace.put(base, "before", TEXT.encode())
    moved = await workspace.overlay(await workspace.put(old, "after", TEXT.encode()), base, ["before"])
    assert await workspace.shown_lines(old, moved) == {}
    odd = await workspace.put(base, 'a"b', b"text\n")
    assert await workspace.shown_lines(base, odd) == {}
