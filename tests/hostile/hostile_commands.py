"""Commands that reach for the machine they run on: as a repository's tests, as its setup, or as what a model runs.

A `Probe` says REACHED for whatever it got hold of, and harms nothing, so it also runs without a box, where it must
reach something if `open_without` is true: what could not be seen there proves nothing when it is not seen in a box.
`docs/security.md` lists every case by its name.
"""

from dataclasses import dataclass

FILES = "A box has no file of the host but its tree, its dependencies and the system, which are read-only"
PROCESSES = "A box has a process namespace of its own, and everything in it dies with the command"
NETWORK = "A box has a network namespace of its own, with nothing in it"
KERNEL = "System calls are filtered, and no privilege can be gained"
ENVIRONMENT = "The environment of a command is made anew"


@dataclass(frozen=True)
class Probe:
    name: str
    tries: str
    stop: str
    script: str
    open_without: bool = True
    """Whether something is reached where there is no box."""


def _reads(name: str, tries: str, path: str, stop: str = FILES, open_without: bool = True) -> Probe:
    return Probe(name, tries, stop, f"with trying():\n    {path}\n", open_without)


_FILES = (
    _reads("key file", "reads the private key's file", "reached(Path(HOST['secret']).read_text())"),
    _reads("data folder", "lists the service's data folder", "reached(os.listdir(HOST['folder']))"),
    _reads("database", "opens the database", "reached(open(HOST['database'], 'rb').read(16))"),
    _reads("another repository", "reads the mirror of another repository", "reached(os.listdir(HOST['mirror']))"),
    _reads("shadow", "reads the host's passwords", "reached(Path('/etc/shadow').read_text()[:4])"),
    Probe(
        "home folders",
        "reads keys and tokens in home folders",
        FILES,
        """
for path in ('/root', '/home', os.path.expanduser('~/.ssh'), os.path.expanduser('~/.netrc')):
    with trying():
        reached(os.listdir(path) if os.path.isdir(path) else open(path).read())
""",
    ),
    _reads(
        "host files above the tree",
        "climbs out of the tree",
        "reached(Path('../' * 20 + HOST['secret'].lstrip('/')).read_text())",
    ),
    _reads(
        "write beside the tree",
        "writes to a folder of the host",
        "Path(HOST['outside'], 'evil').touch(); reached('outside')",
    ),
    Probe(
        "hard link to a file of the host",
        "gives a file of the system a name in its tree",
        FILES,
        """
with trying():
    os.link('/usr/bin/env', 'env')
    Path('env').open('ab').close()
    reached('/usr/bin/env')
""",
        open_without=False,
    ),
    Probe(
        "system files",
        "writes where the system keeps programs and settings",
        FILES,
        """
for folder in ('/usr/bin', '/etc', '/lib', '/run', '/var', '/dev', '/'):
    with trying():
        path = Path(folder, '.' + HOST['mark'])
        path.touch()
        path.unlink()
        reached(folder)
""",
    ),
    Probe(
        "devices",
        "opens disks and memory",
        FILES,
        """
for device in ('mem', 'kmem', 'port', 'vda', 'sda', 'kmsg', 'fuse', 'kvm', 'net/tun'):
    with trying():
        os.close(os.open('/dev/' + device, os.O_RDONLY | os.O_NONBLOCK))
        reached(device)
""",
        open_without=False,
    ),
)

_PROCESSES = (
    _reads(
        "environment of others",
        "reads the environment of the host's processes",
        """if HOST['canary'] in Path('/proc', str(HOST['pid']), 'environ').read_text():
        reached('a key')""",
        PROCESSES,
    ),
    Probe(
        "first process",
        "goes through the files, folders and root of the first process",
        PROCESSES,
        """
for pid in [name for name in os.listdir('/proc') if name.isdigit()]:
    for way in ('root', 'cwd'):
        with trying():
            reached(Path('/proc', pid, way + HOST['secret']).read_text())
    with trying():
        for fd in os.listdir('/proc/%s/fd' % pid):
            with trying():
                at = '/proc/%s/fd/%s' % (pid, fd)
                if os.path.isdir(at):
                    reached(Path(at + '/../../..' + HOST['secret']).read_text())
    with trying():
        text = Path('/proc', pid, 'environ').read_text()
        if HOST['canary'] in text or 'PULLWRIGHT_' in text:
            reached('environ of ' + pid)
""",
    ),
    Probe(
        "signals",
        "stops a process of the host",
        PROCESSES,
        """
with trying():
    os.kill(HOST['pid'], 0)
    reached('the process')
""",
    ),
    Probe(
        "ptrace",
        "attaches to another process",
        KERNEL,
        """
pid = os.fork()
if pid == 0:
    time.sleep(20)
    os._exit(0)
if libc.ptrace(16, pid, 0, 0) == 0:
    reached('a process')
os.kill(pid, 9)
os.waitpid(pid, 0)
""",
    ),
    Probe(
        "kernel files",
        "reads the kernel's memory, writes its settings, asks for a restart",
        KERNEL,
        """
for path, mode in (('/proc/kcore', 'rb'), ('/proc/sysrq-trigger', 'ab'), ('/proc/kmsg', 'rb'),
                   ('/proc/sys/kernel/core_pattern', 'ab'), ('/proc/sys/vm/overcommit_memory', 'ab')):
    with trying():
        os.close(os.open(path, (os.O_RDONLY if mode == 'rb' else os.O_WRONLY) | os.O_NONBLOCK))
        reached(path)
""",
    ),
    Probe(
        "control groups",
        "raises its own limits",
        FILES,
        """
for folder in ('/sys/fs/cgroup', '/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids'):
    with trying():
        made = Path(folder, HOST['mark'])
        made.mkdir()
        made.rmdir()
        reached(folder)
""",
    ),
)

_KERNEL = (
    Probe(
        "namespaces",
        "makes namespaces of its own, in which it would be root",
        KERNEL,
        """
for flag in (0x10000000, 0x00020000, 0x40000000, 0x20000000):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if libc.unshare(flag) == 0 else 1)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0:
        reached(hex(flag))
""",
    ),
    Probe(
        "mounts",
        "mounts over what the box shows",
        KERNEL,
        """
pid = os.fork()
if pid == 0:
    libc.unshare(0x00020000)
    os._exit(0 if libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0 else 1)
if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0:
    reached('mount')
""",
    ),
    Probe(
        "set-user programs",
        "becomes root by a program that belongs to root",
        KERNEL,
        r"""
for program in ('su', 'sudo', 'mount', 'passwd', 'newgrp', 'chsh', 'unix_chkpwd'):
    for folder in ('/usr/bin', '/bin', '/usr/sbin', '/sbin'):
        path = folder + '/' + program
        with trying():
            status = os.stat(path)
            quiet = Path('/proc/self/status').read_text()
            if status.st_mode & 0o4000 and 'NoNewPrivs:\t0' in quiet:
                reached(path)
""",
    ),
    Probe(
        "privileges",
        "holds or gains a capability",
        KERNEL,
        r"""
for line in Path('/proc/self/status').read_text().splitlines():
    if line.startswith(('CapEff', 'CapPrm', 'CapInh', 'CapAmb')) and int(line.split()[1], 16):
        reached(line)
    if line == 'NoNewPrivs:\t0':
        reached(line)
with trying():
    os.setuid(0)
    reached('root')
""",
    ),
    Probe(
        "keyboard of a terminal",
        "types into the terminal of whoever started it",
        KERNEL,
        """
for fd in (0, 1, 2):
    with trying():
        fcntl.ioctl(fd, 0x5412, b'x')
        reached('terminal')
with trying():
    os.close(os.open('/dev/tty', os.O_RDWR))
    reached('/dev/tty')
""",
        open_without=False,
    ),
    Probe(
        "kernel keys",
        "reads keys that are kept for somebody else",
        KERNEL,
        """
if libc.syscall(250 if os.uname().machine == 'x86_64' else 219, 0, -3, 1) >= 0:
    reached('keyring')
""",
        open_without=False,
    ),
)

_NETWORK = (
    Probe(
        "loopback",
        "connects to the service and to the model's address",
        NETWORK,
        """
with trying():
    socket.create_connection(('127.0.0.1', HOST['tcp']), 2).close()
    reached('tcp')
""",
    ),
    Probe(
        "datagrams",
        "sends a datagram to the host",
        NETWORK,
        """
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
with trying():
    probe.connect(('192.0.2.1', 9))
    reached('a route out')
""",
    ),
    Probe(
        "sockets of files",
        "connects to the socket of Redis",
        NETWORK,
        """
with trying():
    socket.socket(socket.AF_UNIX).connect(HOST['unix'])
    reached('unix')
""",
    ),
    Probe(
        "abstract sockets",
        "connects to a socket without a file",
        NETWORK,
        """
with trying():
    socket.socket(socket.AF_UNIX).connect(HOST['abstract'])
    reached('abstract')
""",
    ),
    Probe(
        "names",
        "asks for a name that carries what it read",
        NETWORK,
        """
for server in ('127.0.0.53', '192.0.2.53'):
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with trying():
        if server.startswith('192'):
            probe.connect((server, 53))
            reached(server)
with trying():
    socket.getaddrinfo('canary.example.org', 443)
    reached('an answer')
""",
    ),
    Probe(
        "raw packets",
        "sends and reads packets below the protocols",
        NETWORK,
        """
for family, kind, protocol in ((17, 3, 768), (2, 3, 1), (16, 3, 9), (16, 3, 15), (40, 1, 0), (38, 5, 0)):
    with trying():
        socket.socket(family, kind, protocol).close()
        reached((family, protocol))
""",
    ),
)

_ENVIRONMENT = (
    Probe(
        "secrets in the environment",
        "looks for the service's settings and keys",
        ENVIRONMENT,
        """
for name, value in os.environ.items():
    if name.startswith('PULLWRIGHT_') or HOST['canary'] in value or 'PRIVATE KEY' in value:
        reached(name)
""",
        open_without=False,
    ),
    Probe(
        "open descriptors",
        "uses files that whoever started it left open",
        ENVIRONMENT,
        """
for name in os.listdir('/proc/self/fd'):
    if int(name) > 2:
        with trying():
            where = os.readlink('/proc/self/fd/' + name)
            if not where.startswith('/proc/'):
                reached(where)
""",
        open_without=False,
    ),
    Probe(
        "command lines",
        "looks for secrets in the arguments of processes",
        PROCESSES,
        """
for name in os.listdir('/proc'):
    if name.isdigit():
        with trying():
            line = Path('/proc', name, 'cmdline').read_bytes().replace(sys.orig_argv[-1].encode(), b'')
            if any(a + b in line for a, b in ((b'py', b'test'), (b'pull', b'wright '), (b'time.', b'sleep(600)'))):
                reached(name)
""",
    ),
)

PROBES = (*_FILES, *_PROCESSES, *_KERNEL, *_NETWORK, *_ENVIRONMENT)
