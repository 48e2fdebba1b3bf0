"""A real service in a folder of its own, and a look at the processes that it leaves."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def _new_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


@pytest.fixture(scope="session")
def pem() -> str:
    return _new_pem()


@pytest.fixture(scope="session")
def other_pem() -> str:
    """The key of another App."""
    return _new_pem()


@pytest.fixture
def environ(tmp_path: Path, pem: str) -> Mapping[str, str]:
    """The whole environment of a service that talks to nobody."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PULLWRIGHT_")},
        "PULLWRIGHT_DATA_DIR": str(tmp_path / "d"),
        "PULLWRIGHT_PORT": "0",
        "PULLWRIGHT_WEBHOOK_SECRET": "a-secret-of-the-tests",
        "PULLWRIGHT_APP_ID": "1",
        "PULLWRIGHT_PRIVATE_KEY": pem,
        "PULLWRIGHT_GITHUB_API_URL": "http://127.0.0.1:9",
        "PULLWRIGHT_MODEL": "openai/none",
        "PULLWRIGHT_SANDBOX": "none",
    }


@pytest.fixture
def leftovers(tmp_path: Path) -> Callable[[], list[str]]:
    """The command lines of all processes whose environment names the test's folder."""

    def leftovers() -> list[str]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.fsencode(tmp_path) in (folder / "environ").read_bytes() and int(folder.name) != os.getpid():
                    found.append((folder / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue  # it ended while we looked
        return found

    return leftovers
