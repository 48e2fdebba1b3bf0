"""Who may call: Apps by JWT, installations by token, people by theirs."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from .conftest import Town

HELLO = "/repos/octo/hello"
NOT_AHEAD = (
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at which "
    "the assertion expires"
)


async def test_an_app_is_known_by_a_jwt_signed_with_its_key(town: Town) -> None:
    answer = await town.as_app()("GET", "/app")
    assert (answer.status, answer.body["slug"], answer.body["installations_count"]) == (200, "pull-bot", 1)


async def test_the_issuer_may_be_the_client_id(town: Town) -> None:
    answer = await town.as_app(town.jwt(issuer=town.app.client_id))("GET", "/app")
    assert answer.status == 200


async def test_a_jwt_signed_with_another_key_is_refused_in_githubs_shape(town: Town) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    answer = await town.as_app(town.jwt(key=stranger))("GET", "/app")
    assert answer.status == 401
    assert answer.body == {
        "message": "A JSON web token could not be decoded",
        "documentation_url": "https://docs.github.com/rest",
        "status": "401",
    }


async def test_an_app_that_does_not_exist_is_not_found(town: Town) -> None:
    answer = await town.as_app(town.jwt(issuer=42))("GET", "/app")
    assert (answer.status, answer.body["message"]) == (404, "Integration not found")


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        (601, "'Expiration time' claim ('exp') is too far in the future"),
        (
            -1,
            NOT_AHEAD,
        ),
    ],
)
async def test_a_jwt_lives_ten_minutes_at_most(town: Town, seconds: int, message: str) -> None:
    answer = await town.as_app(town.jwt(seconds=seconds))("GET", "/app")
    assert (answer.status, answer.body["message"]) == (401, message)


async def test_an_installation_is_found_by_repository_and_by_account(town: Town) -> None:
    for path in (f"{HELLO}/installation", "/users/octo/installation"):
        answer = await town.as_app()("GET", path)
        assert (answer.status, answer.body["id"]) == (200, town.installation.id)


async def test_a_classic_token_is_ghs_and_36_characters(town: Town) -> None:
    assert re.fullmatch(r"ghs_[A-Za-z0-9]{36}", await town.token())


async def test_a_long_token_has_dots_and_some_520_characters_and_works(town: Town) -> None:
    town.world.token_shape = "long"
    token = await town.token()
    assert re.fullmatch(r"ghs_[A-Za-z0-9._]{36,}", token)
    assert 500 <= len(token) <= 540
    assert token.count(".") == 2
    assert (await town.as_app(token)("GET", HELLO)).status == 200


async def test_a_token_expires_after_an_hour(town: Town) -> None:
    bot = await town.as_bot()
    town.clock.advance(minutes=59)
    assert (await bot("GET", HELLO)).status == 200
    town.clock.advance(minutes=1)
    answer = await bot("GET", HELLO)
    assert (answer.status, answer.body["message"]) == (401, "Bad credentials")


async def test_a_revoked_token_is_refused(town: Town) -> None:
    bot = await town.as_bot()
    assert (await bot("DELETE", "/installation/token")).status == 204
    assert (await bot("GET", HELLO)).status == 401


async def test_asking_for_more_than_the_app_has_is_a_422(town: Town) -> None:
    path = f"/app/installations/{town.installation.id}/access_tokens"
    for asked in ({"permissions": {"workflows": "write"}}, {"permissions": {"statuses": "write"}}):
        answer = await town.as_app()("POST", path, asked)
        assert answer.status == 422
        assert answer.body["message"] == "The permissions requested are not granted to this installation."
    assert (await town.as_app()("POST", path, {"repositories": ["elsewhere"]})).status == 422


async def test_a_narrowed_token_tells_its_repositories_and_permissions(town: Town) -> None:
    path = f"/app/installations/{town.installation.id}/access_tokens"
    asked = {"repository_ids": [town.repository.id], "permissions": {"issues": "read"}}
    answer = await town.as_app()("POST", path, asked)
    assert answer.body["permissions"] == {"issues": "read", "metadata": "read"}
    assert [each["full_name"] for each in answer.body["repositories"]] == ["octo/hello"]


async def test_a_token_without_the_permission_is_refused_with_403(town: Town) -> None:
    bot = await town.as_bot(permissions={"issues": "read"})
    answer = await bot("POST", f"{HELLO}/issues", {"title": "no"})
    assert (answer.status, answer.body["message"]) == (403, "Resource not accessible by integration")
    assert (await bot("GET", f"{HELLO}/contents/README.md")).status == 403
    assert (await bot("GET", f"{HELLO}/issues")).status == 200
    assert town.repository.issues == {}


async def test_a_token_that_does_not_cover_a_private_repository_does_not_learn_of_it(
    town: Town, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a").write_text("a")
    await town.world.create_repository("octo", "secret", tmp_path / "other", private=True)
    await town.world.create_repository("octo", "open", tmp_path / "other")
    bot = await town.as_bot()
    assert (await bot("GET", "/repos/octo/secret")).status == 404
    assert (await bot("GET", "/repos/octo/open")).status == 200
    assert (await bot("POST", "/repos/octo/open/issues", {"title": "no"})).status == 403


async def test_people_may_do_what_their_role_allows(town: Town) -> None:
    await town.person("ada").open_issue("one")
    path = f"{HELLO}/issues/1/labels"
    assert (await town.as_person("rob")("POST", path, {"labels": ["bug"]})).status == 403
    assert (await town.as_person("tim")("POST", path, {"labels": ["bug"]})).status == 200
    assert (await town.as_nobody()("GET", HELLO)).status == 404
    town.repository.private = False
    assert (await town.as_nobody()("GET", HELLO)).status == 200
    assert (await town.as_nobody()("POST", f"{HELLO}/issues", {"title": "no"})).status == 401


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [
        ("octo", "admin", "admin"),
        ("ada", "write", "maintain"),
        ("bea", "write", "write"),
        ("tim", "read", "triage"),
        ("rob", "read", "read"),
        ("pull-bot-maker", "none", "none"),
    ],
)
async def test_permission_is_coarse_and_role_name_exact(town: Town, login: str, permission: str, role: str) -> None:
    answer = await (await town.as_bot())("GET", f"{HELLO}/collaborators/{login}/permission")
    assert (answer.body["permission"], answer.body["role_name"]) == (permission, role)
    assert answer.body["user"]["login"] == login


async def test_an_unknown_login_has_no_permission_to_tell(town: Town) -> None:
    assert (await (await town.as_bot())("GET", f"{HELLO}/collaborators/ghost/permission")).status == 404
