"""Real services on a database and a folder of their own; only GitHub and the model are nobody, because nothing asks."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.doorbell import SilentDoorbell
from adapters.settings import load
from adapters.store import runs
from core import faults
from core.clock import FixedClock
from core.digests import digest
from core.names import Repo, RunId, Sha, Subject, SubjectKind
from core.runs import NewRun, Snapshot
from jobs.services import Services, open_services

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'pullwright.db'}"


@pytest.fixture
async def services(tmp_path: Path, pem: str, database_url: str) -> AsyncIterator[Services]:
    settings = load(
        {
            "PULLWRIGHT_DATA_DIR": str(tmp_path),
            "PULLWRIGHT_DATABASE_URL": database_url,
            "PULLWRIGHT_APP_ID": "1",
            "PULLWRIGHT_PRIVATE_KEY": pem,
            "PULLWRIGHT_GITHUB_API_URL": "http://127.0.0.1:9",
            "PULLWRIGHT_SANDBOX": "none",
            "PULLWRIGHT_LEASE_SECONDS": "1",
            "PULLWRIGHT_HEARTBEAT_SECONDS": "0.1",
        }
    )
    async with open_services(settings, FixedClock(NOW)) as opened:
        await opened.store.migrate()
        yield replace(opened, doorbell=SilentDoorbell())
    faults.disarm()


@pytest.fixture
async def run_id(services: Services) -> RunId:
    """A queued run."""
    repo = Repo(id=7, installation_id=3, owner="acme", name="slugs")
    new = NewRun(
        id=RunId("abc123"),
        workflow="fix",
        workflow_text="name: fix\nsteps:\n  - {id: look, uses: triage}\n",
        workflow_digest=digest("workflow", ""),
        repo=repo,
        subject=Subject(kind=SubjectKind.issue, number=1),
        base_ref="main",
        base_sha=Sha("a" * 40),
        trigger_key="label:1",
        requester="rosa",
        source="label",
        snapshot=Snapshot(title="t", body="", author="rosa", author_association="MEMBER", taken_at=NOW),
        created_at=NOW,
    )
    async with services.store.begin() as db:
        await runs.insert(db, new)
    return new.id
