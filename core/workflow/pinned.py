"""The text that a run pins, where a file is made of several: one document, the same for the same values."""

from typing import Any

import yaml

_BREAKS = frozenset("\r\x85\u2028\u2029")
"""Ends of lines that YAML reads as others: they stand as escapes, or they would not be the same when read again."""


class _Plain(yaml.SafeDumper):
    """Without anchors, so that it can be read again; long texts as they would be written by hand."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    if any(char in _BREAKS for char in text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Plain.add_representer(str, _text)


def pinned(value: Any) -> str:
    """The value as YAML. `core.documents.load` reads the same value from it."""
    written: str = yaml.dump(value, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=1_000)
    return written
