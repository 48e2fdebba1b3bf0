"""Contents and the git database."""

import base64
from pathlib import Path
from urllib.parse import quote

from .conftest import Town

HELLO = "/repos/octo/hello"


async def test_a_file_comes_as_base64_with_its_blob(town: Town) -> None:
    bot = await town.as_bot()
    shown = (await bot("GET", f"{HELLO}/contents/src/app.py?ref=main")).body
    assert base64.b64decode(shown["content"]) == b"print('hello')\n"
    blob = (await bot("GET", f"{HELLO}/git/blobs/{shown['sha']}")).body
    assert base64.b64decode(blob["content"]) == b"print('hello')\n"


async def test_a_folder_is_a_list_and_nothing_is_a_404(town: Town) -> None:
    bot = await town.as_bot()
    listed = (await bot("GET", f"{HELLO}/contents")).body
    assert [(each["name"], each["type"]) for each in listed] == [("README.md", "file"), ("src", "dir")]
    assert (await bot("GET", f"{HELLO}/contents/nowhere")).status == 404
    answer = await bot("GET", f"{HELLO}/contents/README.md?ref=ghost")
    assert (answer.status, answer.body["message"]) == (404, "No commit found for the ref ghost")


async def test_an_existing_file_is_written_only_with_its_sha(town: Town) -> None:
    bot, path = await town.as_bot(), f"{HELLO}/contents/README.md"
    new = {"message": "Greet", "content": base64.b64encode(b"# hi\n").decode()}
    assert (await bot("PUT", path, new)).status == 422
    assert (await bot("PUT", path, new | {"sha": "0" * 40})).status == 409
    sha = (await bot("GET", path)).body["sha"]
    assert (await bot("PUT", path, new | {"sha": sha})).status == 200
    assert (await bot("PUT", f"{HELLO}/contents/new/file.txt", new)).status == 201
    assert (await town.hear()).last("push")["commits"][0]["added"] == ["new/file.txt"]


async def test_a_commit_is_built_from_blob_tree_and_ref(town: Town) -> None:
    bot = await town.as_bot()
    main = (await bot("GET", f"{HELLO}/git/ref/heads/main")).body["object"]["sha"]
    base = (await bot("GET", f"{HELLO}/git/commits/{main}")).body["tree"]["sha"]
    blob = (await bot("POST", f"{HELLO}/git/blobs", {"content": "new\n"})).body["sha"]
    entries = [
        {"path": "src/new.txt", "mode": "100644", "type": "blob", "sha": blob},
        {"path": "README.md", "mode": "100644", "type": "blob", "sha": None},
    ]
    tree = (await bot("POST", f"{HELLO}/git/trees", {"base_tree": base, "tree": entries})).body["sha"]
    asked = {"message": "By API", "tree": tree, "parents": [main]}
    commit = (await bot("POST", f"{HELLO}/git/commits", asked)).body
    assert commit["verification"]["verified"] is True
    made = await bot("POST", f"{HELLO}/git/refs", {"ref": "refs/heads/api", "sha": commit["sha"]})
    assert made.status == 201
    listed = (await bot("GET", f"{HELLO}/git/trees/api?recursive=1")).body["tree"]
    assert [each["path"] for each in listed if each["type"] == "blob"] == ["src/app.py", "src/new.txt"]
    again = await bot("POST", f"{HELLO}/git/refs", {"ref": "refs/heads/api", "sha": commit["sha"]})
    assert (again.status, again.body["message"]) == (422, "Reference already exists")


async def test_a_ref_moves_backwards_only_by_force(town: Town) -> None:
    main = (await town.world.branches(town.repository))["main"]
    await town.person("bea").push("topic", {"a": "a"}, "A")
    bot, path = await town.as_bot(), f"{HELLO}/git/refs/heads/topic"
    refused = await bot("PATCH", path, {"sha": main})
    assert (refused.status, refused.body["message"]) == (422, "Update is not a fast forward")
    assert (await bot("PATCH", path, {"sha": main, "force": True})).status == 200
    assert (await town.hear()).last("push")["forced"] is True


async def test_a_comparison_counts_both_sides(town: Town) -> None:
    await town.person("bea").push("topic", {"a": "a\n"}, "A")
    await town.person("ada").push("main", {"b": "b\n"}, "B")
    shown = (await (await town.as_bot())("GET", f"{HELLO}/compare/main...topic")).body
    assert (shown["status"], shown["ahead_by"], shown["behind_by"]) == ("diverged", 1, 1)
    assert [each["filename"] for each in shown["files"]] == ["a"]
    assert shown["commits"][0]["author"]["login"] == "bea"


async def test_a_git_repository_is_imported_with_its_history_and_branches(town: Town, tmp_path: Path) -> None:
    await town.person("bea").push("topic", {"a": "a\n"}, "A")
    again = await town.world.create_repository("octo", "copy", town.repository.path)
    assert await town.world.branches(again) == await town.world.branches(town.repository)


async def test_an_app_without_the_permission_writes_no_workflow_by_api(town: Town) -> None:
    bot, path = await town.as_bot(), ".github/workflows/ci.yml"
    new = {"message": "CI", "content": base64.b64encode(b"on: push\n").decode()}
    assert (await bot("PUT", f"{HELLO}/contents/{path}", new)).status == 403
    tree = {"tree": [{"path": path, "mode": "100644", "type": "blob", "content": "on: push"}]}
    assert (await bot("POST", f"{HELLO}/git/trees", tree)).status == 403
    assert (await town.as_person("bea")("PUT", f"{HELLO}/contents/{path}", new)).status == 201


async def test_a_reference_that_looks_like_an_option_is_only_a_name(town: Town) -> None:
    bot = await town.as_bot()
    for name in ("--upload-pack=touch", "-n", "main^{tree}", "../main", "a b"):
        assert (await bot("GET", f"{HELLO}/contents/README.md?ref={quote(name)}")).status == 404
