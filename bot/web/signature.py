"""The signature of a delivery. Nothing looks into a body before it is a `SignedBody`."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

_HEADER = re.compile(r"sha256=([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class SignedBody:
    """Bytes that GitHub signed with a secret of ours. Only `verified()` makes one."""

    raw: bytes


def well_formed(header: str | None) -> bool:
    """Whether it can be a signature at all: who sends none is refused before the body is read."""
    return header is not None and _HEADER.fullmatch(header) is not None


def verified(secrets: Sequence[bytes], header: str, body: bytes) -> SignedBody | None:
    """The signed body, or None where no secret fits.

    The comparison takes the same time wherever it fails, and every secret is tried, so that neither tells which byte
    or which of two secrets was nearly right. SHA-1 is not accepted.
    """
    found = _HEADER.fullmatch(header)
    if found is None:
        return None
    given = bytes.fromhex(found[1])
    fits = [hmac.compare_digest(hmac.digest(secret, body, "sha256"), given) for secret in secrets]
    return SignedBody(body) if any(fits) else None
