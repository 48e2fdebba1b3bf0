"""Where a worker may die: the name of every fault point, read from the code so that none can be forgotten."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLOORS = ("bot", "jobs", "handlers", "adapters", "policies", "prompts", "core")


def fault_points() -> list[str]:
    """The name of every `faults.point("…")` in the product."""
    found = set()
    for file in (path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "faults.point":
                (name,) = node.args
                assert isinstance(name, ast.Constant), f"{file}: a fault point has a plain name"
                found.add(str(name.value))
    return sorted(found)
