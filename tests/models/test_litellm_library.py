import subprocess
import sys
from pathlib import Path


def test_importing_litellm_opens_no_connection_starts_no_thread_and_reads_no_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PLANTED=1\n")
    program = """
import os, socket, sys, threading
def refuse(*_): raise AssertionError("a connection")
socket.socket.connect = refuse
sys.path.insert(0, sys.argv[1])
from adapters.models.litellm_library import preload
preload()
assert "PLANTED" not in os.environ
print(threading.active_count())
"""
    root = str(Path(__file__).parents[2])
    argv = [sys.executable, "-c", program, root]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_the_adapter_itself_does_not_import_litellm() -> None:
    program = "import sys; import adapters.models.litellm_model; print('litellm' in sys.modules)"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_while_litellm_is_imported_late_everything_else_on_the_loop_goes_on() -> None:
    program = """
import asyncio, sys
from adapters.models.litellm_library import for_this_loop

async def main():
    asking = [asyncio.create_task(for_this_loop()) for _ in range(3)]
    turns = 0
    while not all(one.done() for one in asking):
        turns += 1
        await asyncio.sleep(0.001)
    assert all(one.result() is sys.modules["litellm"] for one in asking)
    return turns

print(asyncio.run(main()) > 20)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")
