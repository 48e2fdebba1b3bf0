"""Digests: an approval binds to content, never to a time.

Every digest is a SHA-256 over canonical JSON (sorted keys, no spaces, UTF-8), with the kind of thing as its first
part, so that a plan can never collide with a change.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from core.names import Digest, Sha, Value

SHOWN = 12
"""Hexadecimal digits shown to people and accepted from them, at least."""

COMMIT_SHOWN = 7
"""The same of commits, of which GitHub's pages show no more."""


class ChangedPath(Value):
    """One path of a change. A blob is None where the path does not exist on that side."""

    path: str
    mode: str
    base_blob: str | None
    head_blob: str | None


def canonical(value: Any) -> bytes:
    """Canonical JSON of a JSON value: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(kind: str, *parts: Any) -> Digest:
    return Digest(hashlib.sha256(canonical([kind, *parts])).hexdigest())


def content(blob: bytes) -> Digest:
    """The plain SHA-256 of bytes: the address of an artifact, the hash of a comment."""
    return Digest(hashlib.sha256(blob).hexdigest())


def step_digest(*, workflow: Digest, step: str, base: Sha) -> Digest:
    """A step is the same step while its workflow's text and what is pinned of the run are the same."""
    return digest("step", workflow, step, base)


def plan_digest(*, repository_id: int, plan: Any, snapshot: Any, policy: Digest) -> Digest:
    """What a plan approval covers: this plan, for this text of the issue, in this repository, under this policy."""
    return digest("plan", repository_id, plan, snapshot, policy)


def change_digest(
    *, repository_id: int, base_ref: str, message: str, policy: Digest, paths: Iterable[ChangedPath]
) -> Digest:
    """What a change approval covers. A base that moves elsewhere keeps it: only blobs of touched paths count."""
    rows = sorted((path.model_dump(mode="json") for path in paths), key=canonical)
    return digest("change", repository_id, base_ref, message, policy, rows)


def short(full: Digest) -> str:
    return full[:SHOWN]


def names_commit(given: str, sha: Sha) -> bool:
    """Whether what a person typed begins this commit: at least seven hexadecimal digits, as git abbreviates.

    So few can be found again for another commit within seconds: whoever relies on them makes sure that they name one.
    """
    digits = typed(given)
    return bool(re.fullmatch(rf"[0-9a-f]{{{COMMIT_SHOWN},40}}", digits)) and sha.startswith(digits)


def matches(given: str, full: Digest) -> bool:
    """Whether what a person typed names this digest: a prefix of at least twelve hexadecimal digits."""
    digits = typed(given)
    return bool(re.fullmatch(rf"[0-9a-f]{{{SHOWN},64}}", digits)) and full.startswith(digits)


def typed(given: str) -> str:
    """What a person typed, as the digits that it may be: they copy it with blanks and backticks around it."""
    return given.strip().strip("`").lower()
