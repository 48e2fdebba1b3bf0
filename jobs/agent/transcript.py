"""The conversation so far: linear, only ever appended to, with a digest that chains over every message."""

from dataclasses import dataclass, field

from core.completions import Message, Speaker
from core.digests import digest
from core.names import Digest


@dataclass
class Transcript:
    """`digest` covers every message in order; it is the input hash of the next reply."""

    messages: list[Message] = field(default_factory=list)
    digest: Digest = field(default_factory=lambda: digest("transcript"))

    @classmethod
    def begin(cls, system: str, user: str) -> "Transcript":
        transcript = cls()
        transcript.add(Message(speaker=Speaker.system, text=system))
        transcript.add(Message(speaker=Speaker.user, text=user))
        return transcript

    def add(self, message: Message) -> None:
        self.messages.append(message)
        self.digest = digest("transcript", self.digest, message.model_dump(mode="json"))

    def answer(self, call_id: str, text: str) -> None:
        self.add(Message(speaker=Speaker.tool, text=text, answers=call_id))

    def nudge(self, text: str) -> None:
        self.add(Message(speaker=Speaker.user, text=text))
