"""The demo's town: a GitHub stand-in with an App, two people and one repository, and a scripted model.

It knows nothing of the service but the environment that it prepares for it: the same that an operator would set.
"""

import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.demo.github import GitHubStandIn
from bot.demo.github.people import Person
from bot.demo.github.records import App, Repository
from bot.demo.model import Script, ScriptedModel

REQUESTER = "rosa"
APPROVER = "ada"
OWNER = "acme"
SCRIPTED = "openai/scripted"
PRICES = {SCRIPTED: {"input": 2.0, "output": 8.0}}
"""US dollars per million tokens, declared so that the demo's costs are figures and not guesses."""

POLICY = {"version": 1, "policy": "team", "merge": "bot"}
"""The operator's policy: one approval by somebody who is not the requester, and the bot merges."""

PERMISSIONS = {
    "metadata": "read",
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "checks": "write",
    "actions": "read",
    "statuses": "read",
    "merge_queues": "read",
    "members": "read",
}
EVENTS = (
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "check_run",
    "check_suite",
    "status",
    "push",
    "merge_group",
    "repository",
    "repository_dispatch",
)

KEPT = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "PIP_CERT", "TERM")
"""What of the surroundings the service is given: no credential stands in any of it."""


@dataclass
class Town:
    github: GitHubStandIn
    model: ScriptedModel | None
    app: App
    repository: Repository
    environ: Mapping[str, str]

    @property
    def requester(self) -> Person:
        return self.person(REQUESTER)

    @property
    def approver(self) -> Person:
        return self.person(APPROVER)

    def person(self, login: str) -> Person:
        return self.github.person(login).at(self.repository)


@asynccontextmanager
async def open_town(
    folder: Path,
    source: Path,
    *,
    webhook_port: int,
    script: Script | None = None,
    model: str | None = None,
    model_key: str | None = None,
    name: str = "slugs",
    branch: str = "main",
    settings: Mapping[str, str] | None = None,
    policy: Mapping[str, object] | None = None,
    owner_is_organisation: bool = True,
    enterprise: bool = False,
    key: rsa.RSAPrivateKey | None = None,
) -> AsyncIterator[Town]:
    """A fresh town below `folder`, with fresh keys but the one that is given; all is gone at the end but the files.

    The repository is imported from `source`; its default branch is `branch`. With a `script` the model is the scripted
    one; otherwise `model` names a real one. `settings` are added to the environment of the service. As `enterprise`
    the stand-in is a server of a company's own, of which the service knows the web address alone.
    """
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    secret = secrets.token_hex(20)
    async with AsyncExitStack() as stack:
        github = await stack.enter_async_context(GitHubStandIn(folder / "github", enterprise=enterprise))
        scripted = await stack.enter_async_context(ScriptedModel(script)) if script is not None else None
        world = github.world
        for login in (REQUESTER, APPROVER):
            world.create_user(login)
        if owner_is_organisation:
            world.create_org(OWNER, [REQUESTER, APPROVER])
        app = world.create_app(
            "Pullwright",
            "pullwright",
            key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode(),
            f"http://127.0.0.1:{webhook_port}/webhooks/github",
            secret,
            PERMISSIONS,
            EVENTS,
        )
        repository = await world.create_repository(OWNER if owner_is_organisation else REQUESTER, name, source, branch)
        if owner_is_organisation:
            world.add_collaborator(repository, REQUESTER, "write")
        world.add_collaborator(repository, APPROVER, "maintain")
        world.install(app, repository)
        data = folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        config = folder / "operator.yml"
        config.write_text(yaml.safe_dump({"prices": PRICES, "policy": dict(policy or POLICY)}, sort_keys=False))
        environ = {name: value for name in KEPT if (value := os.environ.get(name)) is not None}
        environ |= {
            "PULLWRIGHT_DATA_DIR": str(data),
            "PULLWRIGHT_HOST": "127.0.0.1",
            "PULLWRIGHT_PORT": str(webhook_port),
            "PULLWRIGHT_GITHUB_URL": github.url,
            **({} if enterprise else {"PULLWRIGHT_GITHUB_API_URL": github.url}),
            "PULLWRIGHT_APP_ID": str(app.id),
            "PULLWRIGHT_PRIVATE_KEY": key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
            "PULLWRIGHT_WEBHOOK_SECRET": secret,
            "PULLWRIGHT_CONFIG": str(config),
            "PULLWRIGHT_CLOCK_SECONDS": "1",
        }
        if scripted is not None:
            environ |= {
                "PULLWRIGHT_MODEL": SCRIPTED,
                "PULLWRIGHT_MODEL_API_BASE": scripted.url,
                "PULLWRIGHT_MODEL_API_KEY": scripted.key,
            }
        elif model is not None:
            environ |= {"PULLWRIGHT_MODEL": model} | ({"PULLWRIGHT_MODEL_API_KEY": model_key} if model_key else {})
        yield Town(github, scripted, app, repository, environ | dict(settings or {}))
