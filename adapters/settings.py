"""The operator's settings: `PULLWRIGHT_*` in the environment, and nowhere else.

`load(environ)` reads them, refuses what it does not know, and reports every problem at once. Settings reach child
processes by the environment only; secrets are never printed, and stand in no error.
"""

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, unquote, urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from core.boxes import Mount
from core.caps import Caps
from core.errors import ConfigurationError

PREFIX = "PULLWRIGHT_"
_SOCKET_PATH_BYTES = 107
"""What `sun_path` holds, less its terminating zero (unix(7))."""
_SOCKET_NAME_BYTES = len("/abcdefghijkl.gw")
"""The longest name of a socket below `run_dir`: a run's gateway."""
_HOOK = re.compile(r"[a-z][a-z0-9-]{0,39}")
_HOOK_SECRET_CHARACTERS = 16
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DATABASES = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def default_data_dir() -> Path:
    """Where files go when nothing is said: /var/lib/pullwright for root, the user's data folder otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib/pullwright")
    return platformdirs.user_data_path("pullwright")


class Settings(BaseSettings):
    """Every setting, checked. Build one with `load()`; the field `data_dir` is `PULLWRIGHT_DATA_DIR`, and so on."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, validate_default=False, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    data_dir: Path = Field(default_factory=default_data_dir)
    database_url: str = Field(default="", repr=False)
    """With the asynchronous driver filled in. The default is a SQLite file in the data folder."""
    redis_url: str | None = Field(default=None, repr=False)
    """None: the embedded Redis that `pullwright up` starts; see `doorbell_url`."""
    artifacts_url: str | None = None

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    """0: a free one, which `pullwright up` reports."""
    public_url: str | None = None

    github_url: str = "https://github.com"
    github_api_url: str = "https://api.github.com"
    """Where only `github_url` is given, that server's."""
    app_id: int | None = Field(default=None, gt=0)
    private_key: SecretStr | None = None
    """The App's key in PEM, also where `private_key_file` named a file."""
    private_key_file: Path | None = None
    webhook_secret: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """One secret, or two while rotating: `new,old`."""
    hook_secrets: Annotated[tuple[tuple[str, SecretStr], ...], NoDecode] = ()
    """By the hook's name, `NAME=SECRET` separated by commas; a name may stand twice while rotating."""
    hook_secrets_file: Path | None = None
    """The same in a file, one a line."""

    sandbox: Literal["bubblewrap", "none"] = "bubblewrap"
    sandbox_mounts: Annotated[tuple[Mount, ...], NoDecode] = ()
    """Read-only: `SOURCE[:TARGET]`, separated by commas."""

    model: str | None = None
    model_api_base: str | None = None
    model_api_key: SecretStr | None = None
    config: Path | None = None
    """The operator's file: prices, and the policy that repositories may only tighten."""

    lease_seconds: float = Field(default=60, ge=1, le=3600)
    heartbeat_seconds: float = Field(default=15, ge=0.1, le=600)
    clock_seconds: float = Field(default=15, ge=0.1, le=600)

    max_running: int | None = Field(default=None, ge=1)
    """Runs that may be at work at once, however many workers there are."""
    max_running_per_owner: int | None = Field(default=None, ge=1)
    max_running_per_repository: int | None = Field(default=None, ge=1)

    retain_runs_days: int = Field(default=90, ge=4)
    """A run's trigger key must be known for as long as GitHub may send the trigger again, which is three days."""
    retain_deliveries_days: int = Field(default=30, ge=4)
    retain_caches_days: int = Field(default=30, ge=2)
    """How long a mirror, a layer of dependencies or read sources are kept that nobody uses."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load()` hands over: never a second look at the air."""
        return (init_settings,)

    @field_validator("data_dir", "config", "private_key_file", "hook_secrets_file")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        driver = _DATABASES.get(scheme.split("+")[0])
        if driver is None or not separator:
            raise ValueError("use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
        if driver.startswith("sqlite") and rest.split("?")[0].strip("/") in {"", ":memory:"}:
            raise ValueError("a database in memory cannot be shared by processes: use sqlite:///FILE")
        return f"{driver}://{rest}"

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, url: str) -> str:
        if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("use redis://HOST:PORT/N, rediss://… or unix:///SOCKET")
        return url

    @field_validator("artifacts_url")
    @classmethod
    def _artifacts(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
            raise ValueError("use file:///FOLDER: artifacts are kept in a local folder")
        return url

    @field_validator("public_url", "model_api_base")
    @classmethod
    def _web_address(cls, url: str) -> str:
        return _web_url(url)

    @field_validator("github_url", "github_api_url")
    @classmethod
    def _github_address(cls, url: str) -> str:
        url = _web_url(url)
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("plain http is for loopback only: credentials would travel in the clear")
        return url

    @field_validator("private_key")
    @classmethod
    def _pem(cls, key: SecretStr | None) -> SecretStr | None:
        return None if key is None else SecretStr(_readable_pem(key.get_secret_value()))

    @field_validator("webhook_secret", mode="before")
    @classmethod
    def _secrets(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        secrets = [secret.strip() for secret in given.split(",")]
        if not all(secrets) or len(secrets) > 2:
            raise ValueError("one secret, or two while rotating, as NEW,OLD")
        return tuple(secrets)

    @field_validator("hook_secrets", mode="before")
    @classmethod
    def _hooks(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        return _hook_secrets([part for part in given.replace("\n", ",").split(",") if part.strip()])

    @field_validator("sandbox_mounts", mode="before")
    @classmethod
    def _mounts(cls, given: object) -> object:
        return tuple(_mount(part.strip()) for part in given.split(",")) if isinstance(given, str) else given

    @model_validator(mode="before")
    @classmethod
    def _api_of_the_server(cls, given: dict[str, Any]) -> dict[str, Any]:
        """An enterprise server has its API below its own address, and a tenant of ghe.com beside its own."""
        url = given.get("github_url")
        if not isinstance(url, str) or given.get("github_api_url") is not None:
            return given
        parts, plain = urlsplit(url), url.rstrip("/")
        host = parts.hostname or ""
        if host in {"", "github.com", "www.github.com"} or (parts.scheme != "https" and host not in _LOOPBACK):
            return given
        api = f"https://api.{host}" if host.endswith(".ghe.com") else f"{plain}/api/v3"
        return {**given, "github_api_url": api}

    @model_validator(mode="before")
    @classmethod
    def _key_from_file(cls, given: dict[str, Any]) -> dict[str, Any]:
        name = given.get("private_key_file")
        if name is None:
            return given
        if given.get("private_key") is not None:
            raise ValueError(f"give {PREFIX}PRIVATE_KEY or {PREFIX}PRIVATE_KEY_FILE, not both")
        try:
            return {**given, "private_key": Path(name).expanduser().read_text(encoding="utf-8")}
        except OSError as error:
            raise ValueError(f"{PREFIX}PRIVATE_KEY_FILE: cannot read {name}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ValueError(f"{PREFIX}PRIVATE_KEY_FILE: {name} is not a PEM file") from error

    @model_validator(mode="before")
    @classmethod
    def _hooks_from_file(cls, given: dict[str, Any]) -> dict[str, Any]:
        name = given.get("hook_secrets_file")
        if name is None:
            return given
        if given.get("hook_secrets"):
            raise ValueError(f"give {PREFIX}HOOK_SECRETS or {PREFIX}HOOK_SECRETS_FILE, not both")
        try:
            return {**given, "hook_secrets": Path(name).expanduser().read_text(encoding="utf-8")}
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ValueError(f"{PREFIX}HOOK_SECRETS_FILE: cannot read {name}: {why}") from error

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if not self.database_url:
            path = quote(str(self.data_dir / "pullwright.db"))
            object.__setattr__(self, "database_url", f"sqlite+aiosqlite:///{path}")
        if self.lease_seconds < 2 * self.heartbeat_seconds:
            raise ValueError(
                f"{PREFIX}LEASE_SECONDS must be at least twice {PREFIX}HEARTBEAT_SECONDS, or one late beat loses a run"
            )
        if self.retain_deliveries_days > self.retain_runs_days:
            raise ValueError(
                f"{PREFIX}RETAIN_DELIVERIES_DAYS must not be more than {PREFIX}RETAIN_RUNS_DAYS: "
                "a delivery that outlives its run could start it again"
            )
        if len(os.fsencode(self.run_dir)) + _SOCKET_NAME_BYTES > _SOCKET_PATH_BYTES:
            raise ValueError(
                f"{PREFIX}DATA_DIR is too long for a socket below it ({_SOCKET_PATH_BYTES} bytes in all): "
                "choose a shorter one"
            )
        return self

    @property
    def caps(self) -> Caps:
        """How many runs may be at work at once."""
        return Caps(
            total=self.max_running,
            per_owner=self.max_running_per_owner,
            per_repository=self.max_running_per_repository,
        )

    @property
    def run_dir(self) -> Path:
        """Sockets and pid files: gone with the processes that made them."""
        return self.data_dir / "run"

    @property
    def redis_socket(self) -> Path:
        return self.run_dir / "redis.sock"

    @property
    def doorbell_url(self) -> str:
        """Where Redis listens: as told, or the embedded one's socket."""
        return self.redis_url or f"unix://{quote(str(self.redis_socket))}"

    @property
    def artifacts_dir(self) -> Path:
        if self.artifacts_url is None:
            return self.data_dir / "artifacts"
        return Path(unquote(urlsplit(self.artifacts_url).path))

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the log's redaction. Never to be shown."""
        hooks = [secret for _, secret in self.hook_secrets]
        found = [self.private_key, self.model_api_key, *self.webhook_secret, *hooks]
        values = [secret.get_secret_value() for secret in found if secret is not None]
        for url in (self.database_url, self.redis_url or ""):
            password = urlsplit(url).password
            values += [password, unquote(password)] if password else []
        return tuple(dict.fromkeys(value for value in values if value))

    def shown(self) -> dict[str, str]:
        """The settings by name for an operator's eyes: secrets say only that they are set."""
        lines: dict[str, str] = {}
        for field in type(self).model_fields:
            value = getattr(self, field)
            if field in {"private_key", "model_api_key", "webhook_secret", "hook_secrets"}:
                text = "(set)" if value else "(not set)"
            elif field in {"database_url", "redis_url"} and value:
                text = _without_password(value)
            elif field == "sandbox_mounts":
                text = ",".join(f"{mount.source}:{mount.target}" for mount in value) or "(not set)"
            else:
                text = "(not set)" if value is None else str(value)
            lines[PREFIX + field.upper()] = text
        return lines


NAMES = frozenset(PREFIX + field.upper() for field in Settings.model_fields)


def load(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`, or ConfigurationError with every problem, one a line, and no secret in any."""
    problems = [_unknown(name) for name in sorted(environ) if name.startswith(PREFIX) and name not in NAMES]
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in environ.items() if name in NAMES and value.strip()}
    settings: Settings | None = None
    try:
        settings = Settings(**source())
    except ValidationError as error:
        problems += [_problem(detail["loc"], _in_words(detail)) for detail in error.errors(include_input=False)]
    if problems or settings is None:
        raise ConfigurationError("\n".join(problems))
    return settings


def check_complete(settings: Settings) -> None:
    """Raises ConfigurationError that names every setting without which no run can be worked on."""
    missing = {
        "APP_ID": "the App ID, at the top of your GitHub App's settings" if settings.app_id is None else "",
        "PRIVATE_KEY_FILE": "the file of your GitHub App's private key" if settings.private_key is None else "",
        "WEBHOOK_SECRET": "" if settings.webhook_secret else "the webhook secret of your GitHub App",
        "MODEL": "a model, for example anthropic/claude-sonnet-4-5" if settings.model is None else "",
    }
    if problems := [f"{PREFIX}{name} is not set: give it {what}." for name, what in missing.items() if what]:
        raise ConfigurationError("\n".join(problems))


def _unknown(name: str) -> str:
    nearest = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.6)
    return f"{name}: there is no such setting" + (f"; did you mean {nearest[0]}?" if nearest else ".")


def _in_words(detail: ErrorDetails) -> str:
    """What a value must be, instead of what the library could not do with it."""
    limits = detail.get("ctx", {})
    match detail["type"]:
        case "int_parsing" | "int_type":
            return "must be a whole number"
        case "float_parsing" | "float_type":
            return "must be a number"
        case "greater_than":
            return f"must be more than {limits['gt']:g}"
        case "greater_than_equal":
            return f"must be {limits['ge']:g} or more"
        case "less_than_equal":
            return f"must be {limits['le']:g} or less"
        case "literal_error":
            return f"must be {limits['expected']}"
    return detail["msg"].removeprefix("Value error, ")


def _problem(place: tuple[int | str, ...], words: str) -> str:
    return f"{PREFIX}{str(place[0]).upper()}: {words}" if place else words


def _web_url(url: str) -> str:
    """The URL without a trailing slash. Credentials, queries and fragments have no place in it."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("use http://HOST or https://HOST")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("no user, password, query or fragment belongs in this address")
    return url.rstrip("/")


def _readable_pem(key: str) -> str:
    """The key with real line ends: some environments can only carry `\\n` as two characters."""
    text = key.replace("\\n", "\n").strip() + "\n"
    if not re.match(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n", text):
        raise ValueError("this is not a private key in PEM form (-----BEGIN RSA PRIVATE KEY-----)")
    return text


def _hook_secrets(parts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Each name with its secret. One secret for two names would let a call of the one pass for one of the other."""
    found: list[tuple[str, str]] = []
    for part in parts:
        name, equals, secret = part.strip().partition("=")
        if not equals or not _HOOK.fullmatch(name) or len(secret) < _HOOK_SECRET_CHARACTERS:
            raise ValueError(
                f"NAME=SECRET, separated by commas: a name of small letters, digits and hyphens, "
                f"and a secret of at least {_HOOK_SECRET_CHARACTERS} characters"
            )
        if any(other == secret and whose != name for whose, other in found):
            raise ValueError("no two hooks may have the same secret")
        found.append((name, secret))
    return tuple(found)


def _mount(text: str) -> Mount:
    source, _, target = text.partition(":")
    target = target or source
    if not source.startswith("/") or not target.startswith("/"):
        raise ValueError("absolute paths, as SOURCE or SOURCE:TARGET, separated by commas")
    return Mount(source=Path(source), target=target)


def _without_password(url: str) -> str:
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":…@", 1) if password else url
