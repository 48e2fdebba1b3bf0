"""Deliveries as GitHub signs them."""

import hmac
import uuid

SECRET = "It's a Secret to Everybody"


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


def headers(body: bytes, **changed: str | None) -> dict[str, str]:
    """The headers that GitHub sends with this body; a changed one that is None is left out."""
    sent = {
        "Content-Type": "application/json",
        "X-GitHub-Hook-ID": "7",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-GitHub-Event": "issues",
        "X-Hub-Signature-256": signature(body),
    }
    sent.update({name.replace("_", "-"): value for name, value in changed.items()})  # type: ignore[misc]
    return {name: value for name, value in sent.items() if value is not None}
