"""What `setup.cfg`, `tox.ini` and `setup.py` declare, read without running them."""

import ast
import configparser

MAX_SOURCE = 200_000


def section_of(text: str, section: str, key: str) -> list[str]:
    """The non-empty lines of a key in an INI file; none where file, section or key cannot be read."""
    parser = _ini(text)
    value = parser.get(section, key, fallback="") if parser is not None else ""
    return [row.strip() for row in value.splitlines() if row.strip()]


def extras_of_setup_cfg(text: str) -> list[str]:
    parser = _ini(text)
    if parser is None or not parser.has_section("options.extras_require"):
        return []
    return list(parser["options.extras_require"])


def extras_of_setup_py(text: str) -> list[str]:
    """The keys of a literal `extras_require={…}` or `extras = {…}`; what is computed tells nothing."""
    if len(text) > MAX_SOURCE or "extras" not in text:
        return []
    try:
        tree = ast.parse(text)
        found: list[str] = []
        for node in ast.walk(tree):
            value = node.value if isinstance(node, ast.keyword) and node.arg == "extras_require" else None
            if isinstance(node, ast.Assign) and any(_is_extras(target) for target in node.targets):
                value = node.value
            if isinstance(value, ast.Dict):
                keys = [key.value for key in value.keys if isinstance(key, ast.Constant)]
                found += [key for key in keys if isinstance(key, str)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return found


def _is_extras(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id.lower() in {"extras", "extras_require"}


def _ini(text: str) -> configparser.ConfigParser | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = lambda option: option  # type: ignore[method-assign,assignment]  # extras keep their case
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError):
        return None
    return parser
