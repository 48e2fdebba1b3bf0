"""What a job works with, built once per job: an engine made before a fork would hang the child."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from adapters import logs
from adapters.artifacts import ArtifactStore, LocalArtifacts
from adapters.doorbell import open_doorbell
from adapters.git.mirrors import Mirrors
from adapters.git.workspaces import Workspaces
from adapters.github.app import GitHubApp
from adapters.models.guarded import GuardedModel
from adapters.models.litellm_model import LiteLLMModel
from adapters.operator import OperatorFile
from adapters.sandbox.backends import boxes
from adapters.settings import Settings
from adapters.store import Store, open_store
from adapters.store.allowances import StoredAllowances
from adapters.store.breakers import StoredBreakers
from adapters.store.pauses import StoredPauses
from adapters.system import RandomIds, SystemClock
from core.allowance import Allowances
from core.boxes import Boxes
from core.breakers import Guard
from core.clock import Clock, Ids
from core.completions import Model
from core.doorbell import Doorbell
from core.errors import ConfigurationError
from core.names import WorkerId
from core.pauses import Pauses
from core.redaction import Redactor
from core.workspaces import OBJECTS
from jobs.discretion import DiscreetBoxes, DiscreetModel


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
    guard: Guard
    """Knows what else is away, for every process."""
    redactor: Redactor
    """What people are shown goes through it. It knows this process's secrets, and the tokens as they are made."""


def github_app(
    settings: Settings,
    clock: Clock,
    redactor: Redactor | None = None,
    pauses: Pauses | None = None,
    guard: Guard | None = None,
    allowances: Allowances | None = None,
) -> GitHubApp:
    """The App as the settings name it; `redactor` learns its tokens, `pauses` is where all processes see that GitHub
    asked us to pause, `allowances` where they share its limits, and `guard` knows whether it is away. Raises
    ConfigurationError where they name no App."""
    if settings.app_id is None or settings.private_key is None:
        raise ConfigurationError("PULLWRIGHT_APP_ID and PULLWRIGHT_PRIVATE_KEY_FILE (or PRIVATE_KEY) must be set.")
    learn = (redactor or Redactor()).learn
    key = settings.private_key.get_secret_value
    return GitHubApp(
        settings.github_api_url,
        settings.app_id,
        key,
        clock,
        pauses=pauses,
        allowances=allowances,
        guard=guard,
        made=learn,
    )


@asynccontextmanager
async def open_services(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Services]:
    """Everything a job needs; closed and disposed at the end of the block. Without a clock it is the system's."""
    clock = clock or SystemClock()
    operator = OperatorFile.read(settings.config)
    # Without a sandbox nothing is mounted, so the throwaway `.git` of a tree cannot point at a mount.
    objects_at = None if settings.sandbox == "none" else OBJECTS
    mirrors = Mirrors(settings.data_dir / "mirrors")
    redactor = Redactor(*settings.secrets())
    async with AsyncExitStack() as stack:
        stack.enter_context(logs.hiding(redactor))
        store = await stack.enter_async_context(open_store(settings.database_url, redactor=redactor))
        guard = Guard(StoredBreakers(store), clock)
        app = github_app(settings, clock, redactor, StoredPauses(store), guard, StoredAllowances(store))
        model = GuardedModel(LiteLLMModel.of(settings, operator.prices), f"model:{settings.model}", guard)
        yield Services(
            settings=settings,
            operator=operator,
            worker=WorkerId(f"{socket.gethostname()}-{os.getpid()}"),
            clock=clock,
            ids=RandomIds(),
            store=store,
            github=await stack.enter_async_context(app),
            model=DiscreetModel(model, redactor),
            boxes=DiscreetBoxes(boxes(settings.sandbox, settings.sandbox_mounts), redactor),
            mirrors=mirrors,
            workspaces=Workspaces(settings.data_dir / "workspaces", mirrors, objects_at=objects_at),
            artifacts=LocalArtifacts(settings.artifacts_dir),
            doorbell=open_doorbell(settings),
            guard=guard,
            redactor=redactor,
        )
