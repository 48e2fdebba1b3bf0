"""Who is calling: an App by JWT, an installation by its token, a person by a personal token, or nobody.

`actor_of` reads the Authorization header; `new_token` makes an installation token, in the shape the world is set to.
"""

import base64
import binascii
import json
import secrets
import string
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import jwt

from .errors import Refusal, not_found
from .records import Account, Actor, App, Installation, Json, Repository, Token
from .world import World

TOKEN_LIFETIME = timedelta(hours=1)
JWT_SECONDS = 600
JWT_DRIFT_SECONDS = 60
CALLER: ContextVar[str] = ContextVar("caller", default="")
_LETTERS = string.ascii_letters + string.digits


def actor_of(world: World, header: str | None) -> Actor:
    """The caller, or 401 where credentials are given and wrong. No header is an anonymous caller.

    Who it is goes into `CALLER` too, from where the log of requests takes it.
    """
    actor = _actor(world, header)
    CALLER.set(f"app {actor.app.slug}" if actor.app and not actor.token else actor.login)
    return actor


def _actor(world: World, header: str | None) -> Actor:
    if not header:
        return Actor(None)
    scheme, _, credential = header.strip().partition(" ")
    credential = credential.strip()
    if scheme.lower() == "basic":
        try:
            credential = base64.b64decode(credential, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            raise bad_credentials() from None
    elif scheme.lower() not in {"bearer", "token"}:
        raise bad_credentials()
    if credential.count(".") == 2 and not credential.startswith("ghs_"):
        app = app_of(world, credential)
        return Actor(None, app=app)
    return _by_token(world, credential)


def bad_credentials() -> Refusal:
    return Refusal(401, "Bad credentials")


def suspended() -> Refusal:
    return Refusal(403, "This installation has been suspended")


def _by_token(world: World, credential: str) -> Actor:
    token = world.tokens.get(credential)
    if token is not None:
        if token.revoked or world.now() >= token.expires_at:
            raise bad_credentials()
        if token.installation.suspended_at:
            raise suspended()
        return Actor(token.installation.app.bot, app=token.installation.app, token=token)
    person = _person_by_token(world, credential)
    if person is None:
        raise bad_credentials()
    return Actor(person)


def _person_by_token(world: World, credential: str) -> Account | None:
    if not credential:
        return None
    for account in world.accounts.values():
        if account.token and secrets.compare_digest(account.token.encode(), credential.encode()):
            return account
    return None


def app_of(world: World, credential: str) -> App:
    """The App whose key signed this JWT; every fault is answered with GitHub's own sentence."""
    undecodable = Refusal(401, "A JSON web token could not be decoded")
    try:
        claims: dict[str, Any] = jwt.decode(credential, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise undecodable from None
    issuer = str(claims.get("iss", ""))
    app = next((each for each in world.apps.values() if issuer in {str(each.id), each.client_id}), None)
    if app is None:
        raise Refusal(404, "Integration not found")
    checks = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_iss": False}
    try:
        jwt.decode(credential, app.public_key_pem, algorithms=["RS256"], options=checks)  # type: ignore[arg-type]
    except jwt.InvalidTokenError:
        raise undecodable from None
    _check_times(claims, world.now().timestamp())
    return app


def _check_times(claims: Json, now: float) -> None:
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int | float) or expires <= now:
        raise Refusal(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which "
            "the assertion expires",
        )
    if expires > now + JWT_SECONDS:
        raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
    if not isinstance(issued, int | float) or issued > now + JWT_DRIFT_SECONDS:
        raise Refusal(
            401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        )


def new_token(world: World, installation: Installation, asked: Json) -> Token:
    """A token for one hour, narrowed to what was asked; asking for more than the installation has is a 422, and
    anything of a suspended one a 403."""
    if installation.suspended_at:
        raise suspended()
    repositories = _asked_repositories(installation, asked)
    permissions = dict(installation.permissions)
    if asked.get("permissions") is not None:
        permissions = {str(name): str(level) for name, level in asked["permissions"].items()}
        order = ("read", "write", "admin")
        for name, level in permissions.items():
            granted = installation.permissions.get(name)
            if granted is None or level not in order or order.index(level) > order.index(granted):
                raise Refusal(
                    422,
                    "The permissions requested are not granted to this installation.",
                )
        permissions.setdefault("metadata", "read")
    narrowed = asked.get("repositories") is not None or asked.get("repository_ids") is not None
    expires = world.now() + TOKEN_LIFETIME
    value = _classic() if world.token_shape == "classic" else _long(installation)
    token = Token(value, installation, repositories, permissions, expires, narrowed)
    world.tokens[value] = token
    return token


def _asked_repositories(installation: Installation, asked: Json) -> list[Repository]:
    names, ids = asked.get("repositories"), asked.get("repository_ids")
    if names is None and ids is None:
        return list(installation.repositories)
    known_names = {each.name.lower(): each for each in installation.repositories}
    known_ids = {each.id: each for each in installation.repositories}
    try:
        found = [known_names[str(name).lower()] for name in names or []]
        return found + [known_ids[number] for number in ids or []]
    except KeyError:
        raise Refusal(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        ) from None


def _classic() -> str:
    return "ghs_" + "".join(secrets.choice(_LETTERS) for _ in range(36))


def _long(installation: Installation) -> str:
    """Some 520 characters with dots: the App's id, then what looks like a signed token."""

    def part(content: bytes) -> str:
        packed = base64.urlsafe_b64encode(content).decode().rstrip("=")
        return packed.replace("-", "a")

    head = part(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
    return f"ghs_{installation.app.id}_{head}.{part(secrets.token_bytes(98))}.{part(secrets.token_bytes(256))}"


def own_installation(world: World, app: App, installation_id: int) -> Installation:
    """The App's own installation of this id; another App's is not found."""
    installation = world.installations.get(installation_id)
    if installation is None or installation.app is not app:
        raise not_found()
    return installation
