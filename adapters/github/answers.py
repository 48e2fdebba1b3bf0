"""An answer of GitHub's: its bytes, its headers, and where its list goes on."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import GitHubUnavailable

_LINK = re.compile(r'<([^>]+)>\s*;\s*rel="(next|prev|last|first)"')


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names are found in any case."""
    body: bytes
    whole: bool = True
    """False where the body was longer than allowed, and was not read to its end."""

    def json(self) -> Any:
        """The body as JSON, None where it is empty; GitHubUnavailable where it is neither."""
        if not self.whole:
            raise GitHubUnavailable("GitHub sent something we cannot read: it is too long.")
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            pass
        raise GitHubUnavailable("GitHub sent something we cannot read: it is not JSON.")

    @property
    def links(self) -> Mapping[str, str]:
        """Where the list goes on, by `next`, `prev`, `first` and `last`."""
        return {rel: address for address, rel in _LINK.findall(self.headers.get("link", ""))}
