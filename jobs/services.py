"""What a job works with, built once per job: an engine made before a fork would hang the child."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from adapters.artifacts import ArtifactStore, LocalArtifacts
from adapters.doorbell import open_doorbell
from adapters.git.mirrors import Mirrors
from adapters.git.workspaces import Workspaces
from adapters.github.app import GitHubApp
from adapters.models.litellm_model import LiteLLMModel
from adapters.operator import OperatorFile
from adapters.sandbox.backends import boxes
from adapters.settings import Settings
from adapters.store import Store, open_store
from adapters.system import RandomIds, SystemClock
from core.boxes import Boxes
from core.clock import Clock, Ids
from core.completions import Model
from core.doorbell import Doorbell
from core.errors import ConfigurationError
from core.names import WorkerId
from core.workspaces import OBJECTS


@dataclass(frozen=True, slots=True)
class Services:
    """The outside world, as the protocols of core."""

    settings: Settings
    operator: OperatorFile
    worker: WorkerId
    clock: Clock
    ids: Ids
    store: Store
    github: GitHubApp
    model: Model
    boxes: Boxes
    mirrors: Mirrors
    workspaces: Workspaces
    artifacts: ArtifactStore
    doorbell: Doorbell


def github_app(settings: Settings, clock: Clock) -> GitHubApp:
    """The App as the settings name it. Raises ConfigurationError where they do not."""
    if settings.app_id is None or settings.private_key is None:
        raise ConfigurationError("PULLWRIGHT_APP_ID and PULLWRIGHT_PRIVATE_KEY (or PRIVATE_KEY_FILE) must be set.")
    return GitHubApp(settings.github_api_url, settings.app_id, settings.private_key.get_secret_value, clock)


@asynccontextmanager
async def open_services(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Services]:
    """Everything a job needs; closed and disposed at the end of the block. Without a clock it is the system's."""
    clock = clock or SystemClock()
    operator = OperatorFile.read(settings.config)
    # Without a sandbox nothing is mounted, so the throwaway `.git` of a tree cannot point at a mount.
    objects_at = None if settings.sandbox == "none" else OBJECTS
    mirrors = Mirrors(settings.data_dir / "mirrors")
    async with AsyncExitStack() as stack:
        yield Services(
            settings=settings,
            operator=operator,
            worker=WorkerId(f"{socket.gethostname()}-{os.getpid()}"),
            clock=clock,
            ids=RandomIds(),
            store=await stack.enter_async_context(open_store(settings.database_url)),
            github=await stack.enter_async_context(github_app(settings, clock)),
            model=LiteLLMModel.of(settings, operator.prices),
            boxes=boxes(settings.sandbox, settings.sandbox_mounts),
            mirrors=mirrors,
            workspaces=Workspaces(settings.data_dir / "workspaces", mirrors, objects_at=objects_at),
            artifacts=LocalArtifacts(settings.artifacts_dir),
            doorbell=open_doorbell(settings),
        )
