"""The App's private key, and the short-lived statement signed with it that says who we are.

GitHub accepts a statement for at most ten minutes, and refuses one from the future.
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from datetime import datetime, timedelta
from functools import lru_cache

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from core.errors import AppRefused

BACKDATED = timedelta(seconds=60)
"""How far our clock may run ahead of GitHub's."""
LIFETIME = timedelta(minutes=9)

_NOT_A_KEY = "The App's private key is not a private key in PEM form, which begins with a line `-----BEGIN …`"


def signed(app_id: str | int, key: RSAPrivateKey, now: datetime) -> str:
    """The App's JWT, good from a minute ago until nine minutes from now."""
    claims = {"iat": int((now - BACKDATED).timestamp()), "exp": int((now + LIFETIME).timestamp()), "iss": str(app_id)}
    return jwt.encode(claims, key, algorithm="RS256")


@lru_cache(maxsize=1)
def read_key(pem: str) -> RSAPrivateKey:
    """The key, or AppRefused with what is wrong with its text; never the text itself.

    Remembered, also by what is forked from here: its primes are checked, and that takes fifty times as long as signing.
    """
    if not pem.strip():
        raise AppRefused("The App's private key is empty.")
    if why := _wrong(pem):
        raise AppRefused(why)
    key, why = _loaded(pem)
    if key is None:
        # Raised outside of the `except`: the library's exception may quote what it was given.
        raise AppRefused(why)
    return key


def _wrong(pem: str) -> str | None:
    if "-----BEGIN" not in pem:
        return f"{_NOT_A_KEY}; is it perhaps a path, or base64?"
    if "BEGIN PUBLIC KEY" in pem or "BEGIN CERTIFICATE" in pem:
        return "The App's private key is a public key or a certificate; take the file that GitHub let you download."
    if "ENCRYPTED" in pem:
        return "The App's private key is locked with a passphrase; keys from GitHub have none."
    return None


def _loaded(pem: str) -> tuple[RSAPrivateKey | None, str]:
    # Environment files often hold the line breaks as the two characters `\n`.
    text = pem if "\n" in pem.strip() else pem.replace("\\n", "\n")
    try:
        key = load_pem_private_key(text.strip().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None, f"{_NOT_A_KEY}; it is damaged or cut off."
    if not isinstance(key, RSAPrivateKey):
        return None, "The App's private key is not an RSA key; GitHub's keys are."
    return key, ""
