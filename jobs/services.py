"""What a job works with, built once per job: an engine made before a fork would hang the child."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from adapters.artifacts import Artifacts, LocalArtifacts
from adapters.doorbell import open_doorbell
from adapters.git.mirrors import Mirrors
from adapters.git.workspaces import Workspaces
from adapters.github.app import GitHubApp
from adapters.models.litellm_model import LiteLLMModel
from adapters.operator import OperatorFile
from adapters.sandbox import open_boxes
from adapters.settings import Settings
from adapters.store import Store, open_store
from adapters.system import RandomIds, SystemClock
from core.boxes import Boxes
from core.clock import Clock, Ids
from core.completions import Model
from core.doorbell import Doorbell
from core.names import WorkerId


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
    workspaces: Workspaces
    artifacts: Artifacts
    doorbell: Doorbell


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Everything a job needs; closed and disposed at the end of the block."""
    clock = SystemClock()
    operator = OperatorFile.read(settings.config)
    async with AsyncExitStack() as stack:
        yield Services(
            settings=settings,
            operator=operator,
            worker=WorkerId(f"{socket.gethostname()}-{os.getpid()}"),
            clock=clock,
            ids=RandomIds(),
            store=await stack.enter_async_context(open_store(settings.database_url)),
            github=await stack.enter_async_context(GitHubApp.of(settings, clock)),
            model=LiteLLMModel.of(settings, operator.prices),
            boxes=open_boxes(settings),
            workspaces=Workspaces(settings.data_dir / "workspaces", Mirrors(settings.data_dir / "mirrors")),
            artifacts=LocalArtifacts(settings.data_dir / "artifacts"),
            doorbell=open_doorbell(settings),
        )
