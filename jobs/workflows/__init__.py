"""The workflows that ship with the bot, as YAML files beside this one."""

from importlib import resources


def built_in() -> dict[str, str]:
    """The text of every built-in workflow, by name."""
    files = resources.files(__package__)
    return {
        entry.name.removesuffix(".yml"): entry.read_text(encoding="utf-8")
        for entry in sorted(files.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".yml")
    }
