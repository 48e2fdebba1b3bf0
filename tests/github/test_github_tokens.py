"""Who we say we are, and the tokens made from it."""

import asyncio
from datetime import timedelta

import canned
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fake_github import AT_ONCE, REPO, TOKENS, FakeGitHub, Reply

from adapters.github.app import GitHubApp
from adapters.github.keys import read_key
from adapters.github.tokens import SCOPES
from core.clock import FixedClock
from core.errors import AppRefused, GitHubUnavailable, NotThere, PermissionMissing
from core.facts import App
from core.github import GitHub
from core.names import Repo

ISSUE = f"{REPO}/issues/7"


async def test_the_app_says_who_it_is_for_less_than_ten_minutes(
    fake: FakeGitHub, app: GitHubApp, clock: FixedClock
) -> None:
    assert await app.identity() == App(id=77, slug="pullwright")
    assert await app.identity() == App(id=77, slug="pullwright")
    (seen,) = fake.asked("GET", "/app")
    now = int(clock.now().timestamp())
    assert fake.claims(seen) == {"iat": now - 60, "exp": now + 540, "iss": "77"}


async def test_a_token_covers_one_repository_and_one_purpose(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", ISSUE, canned.issue())
    fake.says("POST", f"{ISSUE}/comments", canned.comment())
    await github.issue(7)
    await github.create_comment(7, "hello")
    assert [each.body for each in fake.asked("POST", TOKENS)] == [
        {
            "repository_ids": [42],
            "permissions": {
                "contents": "read",
                "issues": "read",
                "pull_requests": "read",
                "checks": "read",
                "statuses": "read",
            },
        },
        {
            "repository_ids": [42],
            "permissions": {"contents": "read", "issues": "write", "pull_requests": "write", "checks": "write"},
        },
    ]


async def test_git_gets_contents_alone(fake: FakeGitHub, github: GitHub) -> None:
    reading, writing = await github.git_token(write=False), await github.git_token(write=True)
    assert (reading, writing) == tuple(fake.tokens)
    assert [each.body["permissions"] for each in fake.asked("POST", TOKENS)] == [
        {"contents": "read"},
        {"contents": "write"},
    ]


def test_no_scope_asks_for_more_than_the_manifest(request: pytest.FixtureRequest) -> None:
    manifest = yaml.safe_load((request.config.rootpath / "app.yml").read_text())
    granted = manifest["default_permissions"]
    for scope in SCOPES:
        for name, level in scope.permissions.items():
            assert granted[name] in {level, "write"}, f"{scope.name}: {name}"


async def test_many_who_ask_at_once_share_one_token(fake: FakeGitHub, app: GitHubApp, repo: Repo) -> None:
    fake.says("GET", ISSUE, canned.issue())
    await asyncio.gather(*(app.repository(repo).issue(7) for _ in range(20)))
    assert len(fake.tokens) == 1
    assert len(fake.asked("GET", ISSUE)) == 20


async def test_repositories_do_not_share_tokens(fake: FakeGitHub, app: GitHubApp, repo: Repo) -> None:
    other = repo.model_copy(update={"id": 43})
    tokens = [await app.repository(each).git_token(write=False) for each in (repo, other, repo)]
    assert tokens == [fake.tokens[0], fake.tokens[1], fake.tokens[0]]


async def test_a_refused_token_is_replaced_once(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", f"{ISSUE}/comments", Reply(401, canned.refusal("Bad credentials")), canned.comment())
    await github.create_comment(7, "hello")
    assert [each.headers["authorization"] for each in fake.asked("POST", f"{ISSUE}/comments")] == [
        f"token {token}" for token in fake.tokens
    ]
    fake.says("POST", f"{ISSUE}/comments", Reply(401, canned.refusal("Bad credentials")))
    with pytest.raises(AppRefused, match="Bad credentials"):
        await github.create_comment(7, "hello")
    assert len(fake.tokens) == 3


async def test_making_a_token_is_tried_again(fake: FakeGitHub, github: GitHub, clock: FixedClock) -> None:
    expires = (clock.now() + timedelta(hours=1)).isoformat()
    fake.says("POST", TOKENS, Reply(502), Reply(201, {"token": "ghs_later", "expires_at": expires}))
    assert await github.git_token(write=False) == "ghs_later"


async def test_a_token_without_an_end_is_refused(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", TOKENS, Reply(201, {"token": "ghs_canary", "expires_at": "soon"}))
    with pytest.raises(GitHubUnavailable) as error:
        await github.git_token(write=False)
    assert "an installation token: expires_at" in str(error.value)
    assert "canary" not in str(error.value)


_PUBLIC = "-----BEGIN PUBLIC KEY-----\nCANARY\n-----END PUBLIC KEY-----"
_LOCKED = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nCANARY\n-----END ENCRYPTED PRIVATE KEY-----"
_DAMAGED = "-----BEGIN RSA PRIVATE KEY-----\nCANARY\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (" \n", "The App's private key is empty."),
        ("/etc/CANARY.pem", "is not a private key in PEM form, which begins with a line `-----BEGIN …`; is it perhaps"),
        (_PUBLIC, "is a public key or a certificate"),
        (_LOCKED, "is locked with a passphrase"),
        (_DAMAGED, "it is damaged or cut off."),
    ],
)
async def test_a_key_that_is_none_is_named(fake: FakeGitHub, clock: FixedClock, key: str, why: str) -> None:
    async with GitHubApp(fake.url, 77, lambda: key, clock, patience=AT_ONCE) as app:
        with pytest.raises(AppRefused) as error:
            await app.identity()
    assert why in str(error.value)
    assert "CANARY" not in str(error.value)
    assert error.value.__context__ is None
    assert fake.seen == []


async def test_a_key_of_another_kind_is_named(fake: FakeGitHub, clock: FixedClock) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    async with GitHubApp(fake.url, 77, key.decode, clock, patience=AT_ONCE) as app:
        with pytest.raises(AppRefused, match="is not an RSA key"):
            await app.identity()


async def test_a_key_with_written_out_line_breaks_is_read(fake: FakeGitHub, clock: FixedClock, pem: str) -> None:
    flat = pem.strip().replace("\n", "\\n")
    async with GitHubApp(fake.url, 77, lambda: flat, clock, patience=AT_ONCE) as app:
        assert (await app.identity()).slug == "pullwright"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (
            Reply(401, canned.refusal("A JSON web token could not be decoded")),
            "GitHub does not accept the private key for App 77: it belongs to another App, or was deleted there.",
        ),
        (Reply(404, canned.refusal("Integration not found")), "GitHub knows no App with the id 77."),
        (
            Reply(401, canned.refusal("'Issued at' claim ('iat') must be an Integer")),
            "GitHub refuses the time in the App's signature; is this machine's clock right?",
        ),
    ],
)
async def test_an_app_that_github_does_not_believe_is_told_why(
    fake: FakeGitHub, app: GitHubApp, github: GitHub, reply: Reply, why: str
) -> None:
    fake.says("GET", "/app", reply)
    fake.says("POST", TOKENS, reply)
    fake.says("GET", f"{REPO}/installation", reply)
    for asking in (app.identity(), github.issue(7), app.installation_of("octo", "hello")):
        with pytest.raises(AppRefused) as error:
            await asking
        assert str(error.value).startswith(why)


@pytest.mark.parametrize(
    ("reply", "expected", "why"),
    [
        (
            Reply(404, canned.refusal("Not Found")),
            AppRefused,
            "GitHub knows no installation 9 of App 77 (for octo/hello).",
        ),
        (
            Reply(422, canned.refusal("The permissions requested are not granted to this installation.")),
            PermissionMissing,
            "The installation for octo/hello does not grant all of `contents: read`.",
        ),
        (
            Reply(422, canned.refusal("There is at least one repository that does not exist or is not accessible.")),
            AppRefused,
            "The App's installation does not cover octo/hello.",
        ),
        (Reply(403, canned.refusal("This installation has been suspended")), AppRefused, "GitHub answered 403"),
    ],
)
async def test_an_installation_that_gives_no_token_is_told_why(
    fake: FakeGitHub, github: GitHub, reply: Reply, expected: type, why: str
) -> None:
    fake.says("POST", TOKENS, reply)
    with pytest.raises(expected) as error:
        await github.git_token(write=False)
    assert str(error.value).startswith(why)


async def test_the_installation_of_a_repository_is_found(fake: FakeGitHub, app: GitHubApp) -> None:
    fake.says("GET", f"{REPO}/installation", {"id": 9, "account": canned.user("octo"), "app_id": 77})
    assert await app.installation_of("octo", "hello") == 9
    with pytest.raises(AppRefused, match=r"^The App is not installed on octo/other\.$"):
        await app.installation_of("octo", "other")


async def test_another_repository_under_the_old_name_is_not_ours(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", REPO, canned.repository(99))
    with pytest.raises(NotThere, match=r"octo/hello is another repository now \(id 99, not 42\)"):
        await github.repository()


def test_a_key_is_read_once_by_a_process_and_all_that_it_forks(pem: str) -> None:
    key = read_key(pem)
    assert read_key(pem) is key
    assert read_key(_other_key()) is not key
    with pytest.raises(AppRefused, match="is not a private key"):
        read_key("nothing")


def _other_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
