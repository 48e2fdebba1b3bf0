"""A tree, a real box over it, a scripted model over HTTP, and a memo that keeps what it is told."""

import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.models.litellm_model import LiteLLMModel
from adapters.operator import Price
from adapters.sandbox.unboxed import Unboxed
from bot.demo.model import Script, ScriptedModel
from core import faults
from core.boxes import Box
from core.clock import FixedClock
from core.completions import Usage
from core.errors import Drained
from core.names import Digest
from jobs.agent import AgentLimits, Assignment, Handover, work

NAME = "openai/scripted"


@dataclass
class TreeMemo:
    """Keeps values as JSON and checkpoints as copies of the tree; `resume()` is what a new worker finds."""

    tree: Path
    saved: Path
    values: dict[str, tuple[Digest, str]] = field(default_factory=dict)
    paid: list[tuple[str, str | None]] = field(default_factory=list)
    checkpoints: list[str] = field(default_factory=list)
    drain_at: int | None = None
    turns_begun: int = 0

    def __post_init__(self) -> None:
        self._copy(self.tree, self.saved)

    async def recall(self, key: str, input_hash: Digest) -> Any | None:
        if key not in self.values:
            return None
        kept_for, value = self.values[key]
        assert kept_for == input_hash, f"{key} was kept for another input"
        return json.loads(value)

    async def keep(
        self, key: str, input_hash: Digest, value: Any, usage: Usage | None = None, model: str | None = None
    ) -> None:
        assert key not in self.values, f"{key} was kept twice"
        self.values[key] = (input_hash, json.dumps(value))
        if usage is not None:
            self.paid.append((key, model))

    async def checkpoint(self, key: str) -> None:
        self.checkpoints.append(key)
        self._copy(self.tree, self.saved)

    def interrupted(self) -> None:
        self.turns_begun += 1
        if self.turns_begun == self.drain_at:
            raise Drained

    def resume(self) -> None:
        """The tree of the last checkpoint, and no result of a last turn that came to none."""
        self._copy(self.saved, self.tree)
        last = max((int(key.split(":")[1].split("/")[0]) for key in self.values), default=0)
        if f"change/turn:{last}" not in self.checkpoints:
            self.values = {key: kept for key, kept in self.values.items() if f"turn:{last}/call:" not in key}
        self.turns_begun, self.drain_at = 0, None

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)


@dataclass
class Desk:
    """One agent's place: `await desk.work(script)` lets the scripted model do what the script says."""

    tree: Path
    memo: TreeMemo
    clock: FixedClock = field(default_factory=FixedClock)
    limits: AgentLimits = field(default_factory=AgentLimits)
    price: Price | None = None
    requests: list[str] = field(default_factory=list)

    async def work(
        self,
        script: str,
        *,
        writes: bool = True,
        boxed: bool = True,
        box: Box | None = None,
        output: Any = None,
        user: str = "Do it.",
    ) -> Handover:
        assignment = Assignment("run1", "change", "implementer", "You work.", user, output, writes)
        async with ScriptedModel(Script.parse("change:\n" + script)) as endpoint:
            endpoint.requests = self.requests
            model = LiteLLMModel(
                NAME,
                api_base=endpoint.url,
                api_key=endpoint.key,
                prices={NAME: self.price} if self.price else {},
                attempts=1,
            )
            over = (box or Unboxed().open(self.tree)) if boxed else None
            return await work(assignment, model=model, box=over, memo=self.memo, limits=self.limits, clock=self.clock)

    def said(self, key: str) -> str:
        """What the model was shown for a call, such as `turn:1/call:1`."""
        value: dict[str, str] = json.loads(self.memo.values[f"change/{key}"][1])
        return value["text"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    tree = tmp_path / "tree"
    (tree / "src").mkdir(parents=True)
    (tree / "src" / "slug.py").write_text("def slug(text):\n    return text.lower()\n")
    (tree / "README.md").write_text("# Slugs\n")
    return Desk(tree, TreeMemo(tree, tmp_path / "saved"))


@pytest.fixture
async def strike() -> AsyncIterator[Callable[[str, int], None]]:
    """Kill the work when a fault point is reached for the nth time."""

    def arm(point: str, nth: int) -> None:
        reached = 0

        def hit() -> None:
            nonlocal reached
            reached += 1
            if reached == nth:
                raise Killed

        faults.arm(point, hit)

    yield arm
    faults.disarm()


class Killed(BaseException):
    """The worker died here."""


@pytest.fixture
def killed() -> type[BaseException]:
    return Killed
