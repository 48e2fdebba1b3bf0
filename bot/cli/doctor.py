"""`pullwright doctor`: is everything there that the service needs? Every line says what was seen, or what to do."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeVar

import click

from bot.cli.kept import missing_file
from bot.cli.output import print_json, printable
from core.errors import BotError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from adapters.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at. `remedy` is empty where it is well."""

    name: str
    ok: bool
    why: str
    remedy: str = ""


Check = Callable[["Settings"], Awaitable[list[Line]]]


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(as_json: bool) -> None:
    """Check settings, database, Redis, git, sandbox, GitHub and model. The exit code is 1 if something is wrong."""
    from bot.cli.begin import begin

    settings = begin("doctor")
    lines = asyncio.run(examine(settings))
    well = all(line.ok for line in lines)
    if as_json:
        print_json({"ok": well, "settings": settings.shown(), "checks": [asdict(line) for line in lines]})
    else:
        widest = max(map(len, settings.shown()))
        for name, value in settings.shown().items():
            click.echo(f"{name:<{widest}} {printable(value)}")
        click.echo()
        for line in lines:
            why = "\n         ".join(printable(row) for row in line.why.splitlines())
            click.echo(f"{'ok     ' if line.ok else 'PROBLEM'}  {line.name}: {why}")
            if line.remedy:
                click.echo(f"         → {printable(line.remedy)}")
    raise SystemExit(0 if well else 1)


async def examine(settings: "Settings") -> list[Line]:
    """Every line; a check that fails does not keep the others from being made."""
    lines: list[Line] = []
    for name, check in _CHECKS.items():
        try:
            lines += await check(settings)
        except BotError as error:
            lines.append(Line(name, False, str(error), _remedy(error)))
    return lines


def _remedy(error: BotError) -> str:
    """What the operator can do now. That a running service would try again is no help here."""
    if error.retryable:
        return "Look whether it can be reached from this machine: address, network, proxy, GitHub's status page."
    return error.remedy()


async def _data_folder(settings: "Settings") -> list[Line]:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        return [Line("data folder", False, f"{folder} is not writable", "Choose another with PULLWRIGHT_DATA_DIR.")]
    made = "is there" if folder == settings.data_dir else "will be made"
    return [Line("data folder", True, f"{settings.data_dir} {made}")]


async def _database(settings: "Settings") -> list[Line]:
    from adapters.store import deliveries, open_store

    if (file := missing_file(settings.database_url)) is not None:
        return [Line("database", True, f"{file} will be made at the first start")]
    async with open_store(settings.database_url, busy_seconds=5) as store:
        if (why := await store.behind()) is not None:
            return [Line("database", True, f"answers; the next start makes its tables: {why}")]
        async with store.read() as db:
            waiting = (await deliveries.counts(db)).items()
    return [Line("database", True, "answers; deliveries: " + ", ".join(f"{n} {s.value}" for s, n in waiting))]


async def _holds(settings: "Settings") -> list[Line]:
    """A hold is no fault, but who looks why nothing moves must find it."""
    from adapters.store import holds

    found = await _read(settings, holds.all_)
    if found is None:
        return []
    return [
        Line("hold", True, f"{one.scope} is held since {one.since:%Y-%m-%d %H:%M}: {one.reason}") for one in found
    ] or [Line("holds", True, "none")]


async def _dependencies(settings: "Settings") -> list[Line]:
    from adapters.store import breakers

    return [
        Line(
            one.dependency,
            False,
            f"failed {one.failures} times in a row; nobody asks it before {one.until:%Y-%m-%d %H:%M:%S} UTC. {one.why}",
            "Look whether it can be reached. Runs that need it wait, and continue by themselves.",
        )
        for one in await _read(settings, breakers.away) or []
    ]


async def _read(settings: "Settings", look: "Callable[[AsyncConnection], Awaitable[list[T]]]") -> list[T] | None:
    """What the database has; None where it has no tables of ours yet, which has a line of its own."""
    from adapters.store import open_store

    if missing_file(settings.database_url) is not None:
        return None
    async with open_store(settings.database_url, busy_seconds=5) as store:
        if await store.behind() is not None:
            return None
        async with store.read() as db:
            return await look(db)


async def _redis(settings: "Settings") -> list[Line]:
    from adapters.doorbell import RedisDoorbell
    from bot.up.embedded_redis import server_binary

    if settings.redis_url is None and not settings.redis_socket.exists():
        return [Line("redis", True, f"embedded: `pullwright up` starts {server_binary()}")]
    if await RedisDoorbell(settings.doorbell_url).ping():
        return [Line("redis", True, "answers")]
    return [Line("redis", False, "does not answer", "Start it, or correct PULLWRIGHT_REDIS_URL.")]


async def _git(_: "Settings") -> list[Line]:
    from adapters.git.installed import OLDEST, installed, new_enough

    version, oldest = await installed(), ".".join(map(str, OLDEST))
    if version is None:
        return [Line("git", False, "there is no git on the PATH", "On Debian: apt-get install -y git.")]
    if not new_enough(version):
        return [Line("git", False, f"{version} is too old", f"Install git {oldest} or newer.")]
    return [Line("git", True, version)]


async def _sandbox(settings: "Settings") -> list[Line]:
    from adapters.sandbox import boxes

    report = await boxes(settings.sandbox, settings.sandbox_mounts).probe(quick=False)
    remedy = (
        "With `none` nothing is protected: set PULLWRIGHT_SANDBOX=bubblewrap."
        if settings.sandbox == "none"
        else "Nothing runs in a box that leaks. On Debian: apt-get install -y bubblewrap."
    )
    return [
        Line(f"box ({report.backend}): {line.name}", line.ok, line.why, "" if line.ok else remedy)
        for line in report.lines
    ]


async def _webhooks(settings: "Settings") -> list[Line]:
    if not settings.webhook_secret:
        return [
            Line(
                "webhooks",
                False,
                "there is no webhook secret, so the receiver refuses to start",
                "Set PULLWRIGHT_WEBHOOK_SECRET to the secret in the settings of your GitHub App.",
            )
        ]
    short = [secret for secret in settings.webhook_secret if len(secret.get_secret_value()) < 16]
    if short:
        return [Line("webhooks", False, "a secret is shorter than 16 characters", "Generate one: openssl rand -hex 32")]
    return [Line("webhooks", True, f"{len(settings.webhook_secret)} secret(s) set")]


async def _github(settings: "Settings") -> list[Line]:
    from adapters.github.app import GitHubApp
    from adapters.system import SystemClock

    if settings.app_id is None or settings.private_key is None:
        missing = "PULLWRIGHT_APP_ID" if settings.app_id is None else "PULLWRIGHT_PRIVATE_KEY"
        remedy = (
            "Set it to the App ID, which stands at the top of your GitHub App's settings."
            if settings.app_id is None
            else "Generate one in your GitHub App's settings, and set PULLWRIGHT_PRIVATE_KEY_FILE to its file."
        )
        return [Line("github app", False, f"{missing} is not set", remedy)]
    key = settings.private_key.get_secret_value
    async with GitHubApp(settings.github_api_url, settings.app_id, key, SystemClock()) as app:
        identity = await app.identity()
    return [Line("github app", True, f"GitHub knows it as {identity.slug} (id {identity.id})")]


async def _model(settings: "Settings") -> list[Line]:
    if settings.model is None:
        remedy = "Set PULLWRIGHT_MODEL, for example to anthropic/claude-sonnet-4-5, and PULLWRIGHT_MODEL_API_KEY."
        return [Line("model", False, "PULLWRIGHT_MODEL is not set", remedy)]
    key = "with a key" if settings.model_api_key else "without a key"
    return [Line("model", True, f"{settings.model} at {settings.model_api_base or 'its usual address'}, {key}")]


async def _operator_file(settings: "Settings") -> list[Line]:
    from adapters.operator import OperatorFile
    from policies.schema import load

    file = OperatorFile.read(settings.config)
    if file.policy is not None:
        load(file.policy, "the operator's policy")
    return [Line("operator file", True, str(settings.config) if settings.config else "none")]


_CHECKS: dict[str, Check] = {
    "data folder": _data_folder,
    "database": _database,
    "holds": _holds,
    "dependencies": _dependencies,
    "redis": _redis,
    "git": _git,
    "box": _sandbox,
    "webhooks": _webhooks,
    "github app": _github,
    "model": _model,
    "operator file": _operator_file,
}
