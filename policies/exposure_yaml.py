"""A workflow file of GitHub Actions as plain values: text, None, lists and mappings. Hostile until it is read.

Every scalar stays the text that it is, so that the key `on` is not YAML 1.1's true and `no` is not false. Anchors and
aliases are followed, as GitHub does, but each use counts: what grows too large or deep is refused and never built.
"""

from typing import TypeAlias

import yaml

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain] | None"

MOST_BYTES = 256 * 1024
MOST_VALUES = 20_000
"""Values of one file, each use of an alias counted anew: a "YAML bomb" has more."""
MOST_DEPTH = 30


class Unreadable(Exception):
    """The file cannot be read as GitHub might read it; the message says why, for people."""


def read(text: str) -> dict[str, Plain]:
    """The file's mapping. Raises Unreadable for anything else, and for whatever GitHub might read differently."""
    if len(text.encode()) > MOST_BYTES:
        raise Unreadable(f"the file is larger than {MOST_BYTES // 1024} KiB")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise Unreadable(f"the file is not YAML{line}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable("the file is not YAML") from error
    value = _Reader().read(node, 0) if node is not None else None
    if not isinstance(value, dict):
        raise Unreadable("the file is no mapping")
    return value


class _Reader:
    def __init__(self) -> None:
        self._left = MOST_VALUES

    def read(self, node: yaml.Node, depth: int) -> Plain:
        self._left -= 1
        if self._left < 0:
            raise Unreadable(f"the file has more than {MOST_VALUES:,} values")
        if depth > MOST_DEPTH:
            raise Unreadable("the file is nested too deeply")
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, depth + 1) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Plain]:
        values: dict[str, Plain] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable("a key of the file is not a word")
            if key.value == "<<":
                raise Unreadable("the file merges mappings (`<<`), which GitHub does not")
            if key.value in values:
                raise Unreadable(f"the key `{key.value[:40]}` stands twice in one mapping")
            values[key.value] = self.read(value, depth + 1)
        return values


def mapping(value: Plain) -> dict[str, Plain]:
    """The value where it is a mapping; nothing where it is missing. Raises Unreadable for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable("something is there where a mapping belongs")
    return value


def rows(value: Plain) -> list[Plain]:
    """The items of a list; a lone value stands for a list of one, and a missing one for none."""
    return [] if value is None else value if isinstance(value, list) else [value]


def words(value: Plain) -> list[str]:
    """The items of a list of texts. Raises Unreadable where one is none."""
    found = rows(value)
    if any(not isinstance(item, str) for item in found):
        raise Unreadable("something else stands in a list of words")
    return [str(item) for item in found]


def texts(value: Plain) -> list[str]:
    """Every text anywhere below, keys too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *texts(item))]
    return []
