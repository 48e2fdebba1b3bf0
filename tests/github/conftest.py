from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_github import AT_ONCE, FakeGitHub

from adapters.github.app import GitHubApp
from core.clock import FixedClock
from core.github import GitHub
from core.names import Repo


@pytest.fixture(scope="session")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def fake(clock: FixedClock) -> AsyncIterator[FakeGitHub]:
    fake = FakeGitHub(clock)
    async with fake.server:
        yield fake


@pytest.fixture
async def app(fake: FakeGitHub, pem: str, clock: FixedClock) -> AsyncIterator[GitHubApp]:
    async with GitHubApp(fake.url, 77, lambda: pem, clock, patience=AT_ONCE) as app:
        yield app


@pytest.fixture
def repo() -> Repo:
    return Repo(id=42, owner="octo", name="hello", installation_id=9)


@pytest.fixture
def github(app: GitHubApp, repo: Repo) -> GitHub:
    return app.repository(repo)
