"""Ten empty steps in DBOS Transact, for `peer.py`: started in an environment of its own, which imports nothing of ours.

For every line on stdin it plays a workflow so many times, and prints one line of JSON: seconds for each, from the end
of the first step to the end of the last by the steps between, and for the whole workflow.
"""

import json
import sys
import time

from dbos import DBOS

STEPS = 10
_ended: list[float] = []


@DBOS.step()
def empty() -> None:
    """Nothing."""


@DBOS.workflow()
def ten() -> None:
    """The steps, one after the other."""
    for _ in range(STEPS):
        empty()
        _ended.append(time.perf_counter())


def main() -> None:
    """Serve until stdin ends. Nothing is exported, logged or served beside the workflows."""
    DBOS(
        config={
            "name": "peer",
            "system_database_url": sys.argv[1],
            "run_admin_server": False,
            "enable_otlp": False,
            "log_level": "ERROR",
        }
    )
    DBOS.launch()
    for line in sys.stdin:
        per_step, whole = [], []
        for _ in range(int(line)):
            _ended.clear()
            began = time.perf_counter()
            ten()
            whole.append(time.perf_counter() - began)
            per_step.append((_ended[-1] - _ended[0]) / (STEPS - 1))
        print(json.dumps({"per_step": per_step, "whole": whole}), flush=True)
    DBOS.destroy()


if __name__ == "__main__":
    main()
