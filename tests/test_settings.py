"""Settings come from the environment alone, are checked all at once, and never show a secret."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.settings import NAMES, check_complete, load
from core.errors import ConfigurationError


def problems(**environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load({f"PULLWRIGHT_{name}": value for name, value in environ.items()})
    return str(refused.value).splitlines()


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


def test_the_names_are_those_that_users_were_promised():
    assert {name.removeprefix("PULLWRIGHT_") for name in NAMES} == {
        "DATA_DIR",
        "DATABASE_URL",
        "REDIS_URL",
        "ARTIFACTS_URL",
        "HOST",
        "PORT",
        "PUBLIC_URL",
        "GITHUB_URL",
        "GITHUB_API_URL",
        "APP_ID",
        "PRIVATE_KEY",
        "PRIVATE_KEY_FILE",
        "WEBHOOK_SECRET",
        "HOOK_SECRETS",
        "HOOK_SECRETS_FILE",
        "SANDBOX",
        "SANDBOX_MOUNTS",
        "MODEL",
        "MODEL_API_BASE",
        "MODEL_API_KEY",
        "CONFIG",
        "RETAIN_CACHES_DAYS",
        "LEASE_SECONDS",
        "HEARTBEAT_SECONDS",
        "CLOCK_SECONDS",
        "MAX_RUNNING",
        "MAX_RUNNING_PER_OWNER",
        "MAX_RUNNING_PER_REPOSITORY",
        "RETAIN_RUNS_DAYS",
        "RETAIN_DELIVERIES_DAYS",
    }


def test_with_none_set_everything_lies_under_the_data_folder():
    settings = load({})
    assert settings.database_url == f"sqlite+aiosqlite:///{settings.data_dir}/pullwright.db"
    assert settings.doorbell_url == f"unix://{settings.data_dir}/run/redis.sock"
    assert settings.artifacts_dir == settings.data_dir / "artifacts"
    assert (settings.lease_seconds, settings.heartbeat_seconds, settings.clock_seconds) == (60, 15, 15)
    assert (settings.github_url, settings.github_api_url) == ("https://github.com", "https://api.github.com")
    assert settings.sandbox == "bubblewrap"


def test_only_the_environment_that_was_given_is_read(monkeypatch):
    monkeypatch.setenv("PULLWRIGHT_PORT", "1234")
    assert load({}).port == 8000
    assert load({"PULLWRIGHT_PORT": "4321", "PORT": "1"}).port == 4321


def test_an_unknown_name_is_refused_with_the_nearest_one():
    assert problems(WEBHOOK_SECRETS="x") == [
        "PULLWRIGHT_WEBHOOK_SECRETS: there is no such setting; did you mean PULLWRIGHT_WEBHOOK_SECRET?"
    ]
    assert problems(QQQQQQQQQQQQQQQQQQQQQ="x") == ["PULLWRIGHT_QQQQQQQQQQQQQQQQQQQQQ: there is no such setting."]


def test_every_problem_is_reported_at_once():
    assert problems(
        PORTT="1", PORT="http", SANDBOX="chroot", LEASE_SECONDS="0", GITHUB_URL="http://ghe.example.com"
    ) == [
        "PULLWRIGHT_PORTT: there is no such setting; did you mean PULLWRIGHT_PORT?",
        "PULLWRIGHT_PORT: must be a whole number",
        "PULLWRIGHT_GITHUB_URL: plain http is for loopback only: credentials would travel in the clear",
        "PULLWRIGHT_SANDBOX: must be 'bubblewrap' or 'none'",
        "PULLWRIGHT_LEASE_SECONDS: must be 1 or more",
    ]


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("postgresql://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
        ("postgres://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
        ("postgresql+psycopg://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
        ("sqlite:////srv/a.db", "sqlite+aiosqlite:////srv/a.db"),
    ],
)
def test_a_database_url_gets_the_driver_that_we_use(given, url):
    assert load({"PULLWRIGHT_DATABASE_URL": given}).database_url == url


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("DATABASE_URL", "mysql://db/x", "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"),
        ("DATABASE_URL", "sqlite://", "a database in memory cannot be shared by processes: use sqlite:///FILE"),
        ("REDIS_URL", "http://redis", "use redis://HOST:PORT/N, rediss://… or unix:///SOCKET"),
        ("ARTIFACTS_URL", "s3://bucket", "use file:///FOLDER: artifacts are kept in a local folder"),
        ("PUBLIC_URL", "bot.example.com", "use http://HOST or https://HOST"),
        ("MODEL_API_BASE", "https://u:p@host", "no user, password, query or fragment belongs in this address"),
        ("WEBHOOK_SECRET", "a,b,c", "one secret, or two while rotating, as NEW,OLD"),
        ("WEBHOOK_SECRET", "a,", "one secret, or two while rotating, as NEW,OLD"),
        ("SANDBOX_MOUNTS", "cache", "absolute paths, as SOURCE or SOURCE:TARGET, separated by commas"),
        ("APP_ID", "my-app", "must be a whole number"),
        ("APP_ID", "0", "must be more than 0"),
        ("PORT", "99999", "must be 65535 or less"),
        ("CLOCK_SECONDS", "often", "must be a number"),
        ("PRIVATE_KEY", "abc", "this is not a private key in PEM form (-----BEGIN RSA PRIVATE KEY-----)"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(name, value, why):
    assert problems(**{name: value}) == [f"PULLWRIGHT_{name}: {why}"]


def test_every_setting_that_the_service_lacks_is_named_at_once():
    with pytest.raises(ConfigurationError) as refused:
        check_complete(load({"PULLWRIGHT_APP_ID": "1"}))
    assert str(refused.value).splitlines() == [
        "PULLWRIGHT_PRIVATE_KEY_FILE is not set: give it the file of your GitHub App's private key.",
        "PULLWRIGHT_WEBHOOK_SECRET is not set: give it the webhook secret of your GitHub App.",
        "PULLWRIGHT_MODEL is not set: give it a model, for example anthropic/claude-sonnet-4-5.",
    ]


def test_a_lease_shorter_than_two_heartbeats_is_refused():
    assert problems(LEASE_SECONDS="20") == [
        "PULLWRIGHT_LEASE_SECONDS must be at least twice PULLWRIGHT_HEARTBEAT_SECONDS, or one late beat loses a run"
    ]


def test_a_data_folder_too_deep_for_a_socket_is_refused():
    deep = "/" + "d" * 100
    assert problems(DATA_DIR=deep) == [
        "PULLWRIGHT_DATA_DIR is too long for a socket below it (107 bytes in all): choose a shorter one"
    ]


def test_a_set_but_empty_variable_counts_as_not_set():
    assert load({"PULLWRIGHT_REDIS_URL": "", "PULLWRIGHT_MODEL": " "}).redis_url is None


def test_the_private_key_comes_from_a_file_too(pem, tmp_path):
    file = tmp_path / "app.pem"
    file.write_text(pem)
    settings = load({"PULLWRIGHT_PRIVATE_KEY_FILE": str(file)})
    assert settings.private_key is not None
    assert settings.private_key.get_secret_value() == pem


def test_a_private_key_with_escaped_line_ends_is_understood(pem):
    settings = load({"PULLWRIGHT_PRIVATE_KEY": pem.replace("\n", "\\n")})
    assert settings.private_key is not None
    assert settings.private_key.get_secret_value() == pem


def test_a_private_key_file_that_is_missing_or_doubled_is_refused(pem, tmp_path):
    missing = tmp_path / "none.pem"
    assert problems(PRIVATE_KEY_FILE=str(missing)) == [
        f"PULLWRIGHT_PRIVATE_KEY_FILE: cannot read {missing}: No such file or directory"
    ]
    assert problems(PRIVATE_KEY_FILE=str(missing), PRIVATE_KEY=pem) == [
        "give PULLWRIGHT_PRIVATE_KEY or PULLWRIGHT_PRIVATE_KEY_FILE, not both"
    ]


def test_no_secret_is_ever_shown(pem):
    secrets = ["hook-secret-1", "hook-secret-2", "model-key", "db-password", "redis-password"]
    settings = load(
        {
            "PULLWRIGHT_WEBHOOK_SECRET": "hook-secret-1,hook-secret-2",
            "PULLWRIGHT_MODEL_API_KEY": "model-key",
            "PULLWRIGHT_PRIVATE_KEY": pem,
            "PULLWRIGHT_DATABASE_URL": "postgresql://u:db-password@db/x",
            "PULLWRIGHT_REDIS_URL": "redis://:redis-password@r",
        }
    )
    shown = f"{settings!r} {settings} {settings.shown()}"
    assert not [secret for secret in [*secrets, pem.splitlines()[1]] if secret in shown]
    assert settings.shown()["PULLWRIGHT_DATABASE_URL"] == "postgresql+psycopg://u:…@db/x"
    assert set(settings.secrets()) == {*secrets, pem}


def test_no_refusal_quotes_a_secret():
    told = problems(WEBHOOK_SECRET="one-secret,two-secret,three-secret", PRIVATE_KEY="key-secret", PORT="x")
    assert "secret" not in " ".join(told).replace("one secret, or two", "")


@pytest.mark.parametrize("name", ["PULLWRIGHT_RETAIN_RUNS_DAYS", "PULLWRIGHT_RETAIN_DELIVERIES_DAYS"])
def test_nothing_is_forgotten_that_github_may_send_again(name: str):
    with pytest.raises(ConfigurationError, match=f"{name}: must be 4 or more"):
        load({name: "3"})


def test_a_delivery_does_not_outlive_the_run_that_it_started():
    with pytest.raises(ConfigurationError, match="a delivery that outlives its run could start it again"):
        load({"PULLWRIGHT_RETAIN_RUNS_DAYS": "20"})
    assert load({"PULLWRIGHT_RETAIN_RUNS_DAYS": "20", "PULLWRIGHT_RETAIN_DELIVERIES_DAYS": "20"})


# Hooks ----------------------------------------------------------------------------------------------------------

LONG, LONGER = "a secret of this hook", "an older secret of this hook"


def test_hooks_have_their_secrets_by_name_and_two_while_they_are_rotated(tmp_path):
    given = f"deploy={LONG}, deploy={LONGER},nightly=another=secret=with=signs"
    named = {"PULLWRIGHT_DATA_DIR": str(tmp_path), "PULLWRIGHT_HOOK_SECRETS": given}
    settings = load(named)
    found = [(name, secret.get_secret_value()) for name, secret in settings.hook_secrets]
    assert found == [("deploy", LONG), ("deploy", LONGER), ("nightly", "another=secret=with=signs")]
    assert {LONG, LONGER} <= set(settings.secrets())
    assert settings.shown()["PULLWRIGHT_HOOK_SECRETS"] == "(set)"


def test_the_secrets_of_hooks_may_stand_in_a_file_one_a_line(tmp_path):
    file = tmp_path / "hooks"
    file.write_text(f"deploy={LONG}\n\nnightly={LONGER}\n")
    settings = load({"PULLWRIGHT_DATA_DIR": str(tmp_path), "PULLWRIGHT_HOOK_SECRETS_FILE": str(file)})
    assert [name for name, _ in settings.hook_secrets] == ["deploy", "nightly"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("deploy", "NAME=SECRET, separated by commas: a name of small letters"),
        ("deploy=short", "a secret of at least 16 characters"),
        (f"De ploy={LONG}", "NAME=SECRET, separated by commas"),
        (f"deploy={LONG},nightly={LONG}", "no two hooks may have the same secret"),
    ],
)
def test_secrets_of_hooks_that_cannot_be_right_are_refused_without_being_shown(tmp_path, given, why):
    with pytest.raises(ConfigurationError, match=why) as caught:
        load({"PULLWRIGHT_DATA_DIR": str(tmp_path), "PULLWRIGHT_HOOK_SECRETS": given})
    assert LONG not in str(caught.value)


@pytest.mark.parametrize(
    ("web", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://git.example.com", "https://git.example.com/api/v3"),
        ("https://git.example.com/", "https://git.example.com/api/v3"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com"),
    ],
)
def test_the_api_is_where_the_server_is(web: str, api: str) -> None:
    assert load({"PULLWRIGHT_GITHUB_URL": web}).github_api_url == api


def test_an_api_that_is_elsewhere_is_believed() -> None:
    given = {"PULLWRIGHT_GITHUB_URL": "https://git.example.com", "PULLWRIGHT_GITHUB_API_URL": "https://api.example.com"}
    assert load(given).github_api_url == "https://api.example.com"
