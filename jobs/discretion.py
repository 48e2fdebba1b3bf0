"""Discretion: the model and the box as a job sees them, with no secret in what comes from either.

What comes in here is recorded, shown, hashed and approved later. It loses its secrets once, before all of that, so
that a record never differs from what was shown, and a digest never hangs on what a process happens to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.boxes import Box, Boxes, Command, CommandResult, Gateway, Limits, Mount, ProbeReport
from core.completions import Completion, Message, Model, Tool, ToolCall
from core.redaction import Redactor
from jobs.agent.tools import SUBMIT


@dataclass(frozen=True, slots=True)
class DiscreetModel:
    """Satisfies `core.completions.Model`.

    No secret of ours is sent to the model. What it says, and the forms it hands in, lose whatever looks like a
    credential. What it writes to files is left as it is: a change that brings a secret is refused, not mended.
    """

    model: Model
    redactor: Redactor

    async def complete(self, messages: Sequence[Message], tools: Sequence[Tool], *, purpose: str) -> Completion:
        sent = [message.model_copy(update={"text": self.redactor.exact(message.text)}) for message in messages]
        completion = await self.model.complete(sent, tools, purpose=purpose)
        said = completion.message
        calls = tuple(self._bare(call) for call in said.tool_calls)
        bare = said.model_copy(update={"text": self.redactor.text(said.text), "tool_calls": calls})
        return completion.model_copy(update={"message": bare})

    def _bare(self, call: ToolCall) -> ToolCall:
        if call.name != SUBMIT:
            return call
        return call.model_copy(update={"arguments": self.redactor.json(call.arguments)})


@dataclass(frozen=True, slots=True)
class DiscreetBox:
    """Satisfies `core.boxes.Box`: no secret of ours is in what a command prints, however it came there."""

    box: Box
    redactor: Redactor

    async def run(self, command: Command) -> CommandResult:
        result = await self.box.run(command)
        shown = self.redactor.exact(result.text)
        return result if shown == result.text else replace(result, output=shown.encode())

    async def kill(self) -> None:
        await self.box.kill()


@dataclass(frozen=True, slots=True)
class DiscreetBoxes:
    """Satisfies `core.boxes.Boxes`."""

    boxes: Boxes
    redactor: Redactor

    @property
    def backend(self) -> str:
        return self.boxes.backend

    def open(
        self,
        tree: Path,
        *,
        mounts: Sequence[Mount] = (),
        network: Gateway | None = None,
        limits: Limits | None = None,
    ) -> Box:
        return DiscreetBox(self.boxes.open(tree, mounts=mounts, network=network, limits=limits), self.redactor)

    async def probe(self, *, quick: bool = False) -> ProbeReport:
        return await self.boxes.probe(quick=quick)
