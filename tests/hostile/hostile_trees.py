"""Trees that attack whoever reads them: what a box may leave behind for the host to take in.

A `Tree` is a script that runs inside a box over a work tree, so that the same case can be a plain box, a test command
or a command of a model. It says in one sentence what is tried, and names what stops it; `docs/security.md` lists both.
The tree begins with `README`, `src/slugs.py`, `link`, `.gitignore` and a submodule `vendor`.
"""

from dataclasses import dataclass

BYTES = "The tree is read byte by byte, by a reader that follows nothing"
CONFIG = "Host git has settings of ours, and a git directory that no box sees"
SPELLINGS = "What any file system takes for `.git` is refused"
LINKS = "What leads out of the tree is refused"
BOUNDS = "Sizes, depths and times have a limit"


@dataclass(frozen=True)
class Tree:
    name: str
    tries: str
    stop: str
    script: str
    refused: str = ""
    """A regular expression for the whole refusal; empty where the snapshot holds."""
    changed: tuple[str, ...] = ()
    """The paths that the snapshot shows as changed, in order."""
    shown: str = ""
    """A line that the diff must have."""


def _configured(name: str, tries: str, lines: str, attributes: str = "") -> Tree:
    """A case that configures the throwaway repository, and changes a file so that git would have something to do."""
    return Tree(
        name,
        tries,
        CONFIG,
        f"with open('.git/config', 'a') as file:\n    file.write({lines!r}.replace('PROGRAM', HOST['program']))\n"
        + (f"Path('.gitattributes').write_text({attributes!r})\n" if attributes else "")
        + "Path('README').write_text('Changed.\\n')\n",
        changed=(".gitattributes", "README") if attributes else ("README",),
        shown="+Changed.",
    )


_RUN_BY_GIT = (
    Tree(
        "hooks",
        "makes a program of the host every hook of the repository",
        CONFIG,
        r"""
git('config', 'core.hooksPath', '/repo/.git/hooks')
os.mkdir('.git/hooks')
for hook in ('pre-commit', 'post-checkout', 'post-index-change', 'reference-transaction', 'pre-push'):
    os.symlink(HOST['program'], '.git/hooks/' + hook)
Path('README').write_text('Changed.\n')
""",
        changed=("README",),
        shown="+Changed.",
    ),
    _configured("fsmonitor", "has git ask a program what changed", "[core]\n\tfsmonitor = PROGRAM\n"),
    _configured(
        "filters",
        "has git pass every file through a program",
        '[filter "evil"]\n\tclean = PROGRAM\n\tsmudge = PROGRAM\n\tprocess = PROGRAM\n\trequired = true\n',
        "* filter=evil\n",
    ),
    _configured(
        "diff programs",
        "has git compare by a program, or show what a program says",
        '[diff]\n\texternal = PROGRAM\n[diff "evil"]\n\tcommand = PROGRAM\n\ttextconv = PROGRAM\n'
        "[core]\n\tpager = PROGRAM\n",
        "* diff=evil\n",
    ),
    _configured(
        "merge driver", "has git merge by a program", '[merge "evil"]\n\tdriver = PROGRAM %A\n', "* merge=evil\n"
    ),
    _configured(
        "aliases and credential helpers",
        "gives git's own commands another meaning",
        "[alias]\n\tls-files = !PROGRAM\n\tdiff-tree = !PROGRAM\n"
        "[credential]\n\thelper = PROGRAM\n[gpg]\n\tprogram = PROGRAM\n",
    ),
    _configured(
        "another work tree",
        "tells git that the tree is the host's root, or that it is bare",
        "[core]\n\tworktree = /\n\tbare = true\n[extensions]\n\tworktreeConfig = true\n",
    ),
    Tree(
        "included configuration",
        "includes configuration from the tree, always and by condition",
        CONFIG,
        r"""
with open('.git/config', 'a') as file:
    file.write('[include]\n\tpath = ../evil\n[includeIf "gitdir:/"]\n\tpath = ../evil\n')
Path('evil').write_text('[core]\n\tfsmonitor = ' + HOST['program'] + '\n')
""",
        changed=("evil",),
        shown="+[core]",
    ),
    Tree(
        "borrowed objects",
        "borrows the objects of a folder of the host",
        CONFIG,
        r"""
Path('.git/objects/info/alternates').write_text(HOST['folder'] + '\n')
Path('README').write_text('Changed.\n')
""",
        changed=("README",),
        shown="+Changed.",
    ),
    Tree(
        "git file",
        "puts a file in the place of `.git` that points at a folder of the host",
        CONFIG,
        r"""
subprocess.run(['rm', '-rf', '.git'])
Path('.git').write_text('gitdir: ' + HOST['folder'] + '\n')
Path('README').write_text('Changed.\n')
""",
        changed=("README",),
        shown="+Changed.",
    ),
    Tree(
        "git link",
        "puts a symlink in the place of `.git`",
        CONFIG,
        r"""
subprocess.run(['rm', '-rf', '.git'])
os.symlink(HOST['folder'], '.git')
Path('README').write_text('Changed.\n')
""",
        changed=("README",),
        shown="+Changed.",
    ),
    Tree(
        "replaced objects",
        "has git show another commit, and another history, than there is",
        CONFIG,
        r"""
head = Path('.git/HEAD').read_text().strip()
empty = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
os.makedirs('.git/refs/replace')
Path('.git/refs/replace', head).write_text(empty + '\n')
Path('.git/info/grafts').write_text(head + '\n')
Path('.git/shallow').write_text(head + '\n')
Path('README').write_text('Changed.\n')
""",
        changed=("README",),
        shown="+Changed.",
    ),
    Tree(
        "submodule by a command",
        "adds a submodule whose address, or whose update, is a command",
        CONFIG,
        r"""
git('update-index', '--add', '--cacheinfo', '160000,' + Path('.git/HEAD').read_text().strip() + ',evil')
Path('.gitmodules').write_text('[submodule "evil"]\n\tpath = evil\n\turl = ext::' + HOST['program']
    + '\n\tupdate = !' + HOST['program'] + '\n')
os.mkdir('evil')
""",
        changed=(".gitmodules",),
        shown='+[submodule "evil"]',
    ),
    Tree(
        "submodule that climbs",
        "names a submodule so that its repository lies in the hooks of another",
        CONFIG,
        r"""
Path('.gitmodules').write_text('[submodule "../../hooks"]\n\tpath = vendor\n\turl = file:///\n')
""",
        changed=(".gitmodules",),
        shown='+[submodule "../../hooks"]',
    ),
    Tree(
        "repository without a work tree",
        "lays a bare repository, with programs in its configuration, into a folder",
        BYTES,
        r"""
git('init', '--quiet', '--bare', '--template=', 'bare')
os.makedirs('bare/refs/heads', exist_ok=True)
Path('bare/config').write_text('[core]\n\tbare = true\n\tfsmonitor = ' + HOST['program'] + '\n')
""",
        changed=("bare/HEAD", "bare/config"),
        shown="+\tbare = true",
    ),
)

_HIDDEN_FROM_GIT = (
    Tree(
        "index flags",
        "marks a changed file as unchanged",
        BYTES,
        r"""
git('update-index', '--assume-unchanged', 'README')
git('update-index', '--skip-worktree', 'src/slugs.py')
Path('README').write_text('Changed.\n')
Path('src/slugs.py').write_text('evil = 1\n')
""",
        changed=("README", "src/slugs.py"),
        shown="+evil = 1",
    ),
    Tree(
        "forged times",
        "keeps the size and the times of what it changed",
        BYTES,
        r"""
was = os.stat('README')
Path('README').write_text('Evil!.\n')
os.utime('README', ns=(was.st_atime_ns, was.st_mtime_ns))
""",
        changed=("README",),
        shown="+Evil!.",
    ),
    Tree(
        "excluded by the repository",
        "tells its own repository to ignore everything, and to check out nothing",
        BYTES,
        r"""
Path('.git/info').mkdir(exist_ok=True)
Path('.git/info/exclude').write_text('*\n')
Path('.git/info/sparse-checkout').write_text('/nothing\n')
git('config', 'core.sparseCheckout', 'true')
Path('evil').write_text('evil = 1\n')
""",
        changed=("evil",),
        shown="+evil = 1",
    ),
    Tree(
        "committed inside",
        "commits its change to its own repository, so that nothing seems to be different",
        BYTES,
        r"""
Path('README').write_text('Changed.\n')
git('-c', 'user.name=x', '-c', 'user.email=x@example.org', 'commit', '--quiet', '-am', 'x')
""",
        changed=("README",),
        shown="+Changed.",
    ),
)

_SPELLED = (
    ("git spelled as a folder", ".git", "git('init', '--quiet', 'docs')"),
    ("git spelled as a file", ".git", "Path(name).write_text('gitdir: ' + HOST['folder'])"),
    ("git spelled in capitals", ".GIT", "os.mkdir(name)"),
    ("git spelled short", "git~1", "os.mkdir(name)"),
    ("git spelled with a zero-width character", ".g\u200cit", "os.mkdir(name)"),
    ("git spelled with an ignored character", ".gi\u206at", "os.mkdir(name)"),
    ("git spelled with a dot behind", ".git.", "os.mkdir(name)"),
    ("git spelled with spaces behind", ".git  ", "os.mkdir(name)"),
    ("git spelled as a stream", ".git::$INDEX_ALLOCATION", "os.mkdir(name)"),
    ("git spelled in an ignored folder", ".git", "Path('.gitignore').write_text('docs/\\n')\nos.mkdir(name)"),
)

_SPELLINGS = tuple(
    Tree(
        name,
        "brings a git directory that the host, or whoever clones it, would take for its own",
        SPELLINGS,
        f"os.mkdir('docs')\nname = 'docs/' + {spelled!r}\n{make}\n",
        refused=r"'?docs/.*'? could be taken for a git directory; only the root of a tree may have one\.",
    )
    for name, spelled, make in _SPELLED
)

_OUT = r" is a symlink to .*, which leads out of the tree\."
_LINKS = (
    Tree(
        "link to a file of the host",
        "links to a key file",
        LINKS,
        """
os.symlink(HOST['secret'], 'way')
""",
        "way" + _OUT,
    ),
    Tree(
        "link that climbs",
        "links upwards",
        LINKS,
        """
os.symlink('../../../host/secret.pem', 'way')
""",
        "way" + _OUT,
    ),
    Tree(
        "link through the kernel",
        "links to the reader's own root",
        LINKS,
        """
os.symlink('/proc/self/root', 'way')
""",
        "way" + _OUT,
    ),
    Tree(
        "link through a link",
        "climbs behind the name of another link",
        LINKS,
        """
os.symlink('..', 'src/up')
os.symlink('src/up/../../host', 'way')
""",
        "way" + _OUT,
    ),
    Tree(
        "link to the git directory",
        "links into `.git`",
        LINKS,
        """
os.symlink('.git/config', 'way')
""",
        "way" + _OUT,
    ),
    Tree(
        "file becomes a link",
        "replaces a file that is known",
        LINKS,
        """
os.remove('README')
os.symlink(HOST['secret'], 'README')
""",
        "README" + _OUT,
    ),
    Tree(
        "folder becomes a link",
        "replaces a folder by a link to one of the host that holds the same names",
        LINKS,
        """
os.remove('src/slugs.py')
os.rmdir('src')
os.symlink(HOST['outside'], 'src')
""",
        "src" + _OUT,
    ),
    Tree(
        "submodule becomes a link",
        "replaces a submodule's folder by a link",
        BYTES,
        """
os.rmdir('vendor')
os.symlink('/etc', 'vendor')
""",
    ),
    Tree(
        "ignore file is a link",
        "has git read ignore rules from the host",
        LINKS,
        """
os.remove('.gitignore')
os.symlink(HOST['secret'], '.gitignore')
""",
        r"\.gitignore" + _OUT,
    ),
    Tree(
        "second name of a file",
        "gives a file of its own a second name",
        BYTES,
        r"""
os.link('README', 'twin')
Path('twin').write_text('Changed.\n')
""",
        changed=("README", "twin"),
        shown="+Changed.",
    ),
)

_BOUNDS = (
    Tree(
        "huge file",
        "leaves a file without content that is larger than any host wants to read",
        BOUNDS,
        """
with open('huge', 'wb') as file:
    file.truncate(2 << 30)
""",
        r"huge is larger than 100 MiB, which GitHub does not take\.",
    ),
    Tree(
        "huge ignore file",
        "has git read ignore rules without end into memory",
        BOUNDS,
        """
with open('.gitignore', 'wb') as file:
    file.truncate(2 << 30)
""",
        r"\.gitignore is larger than 1 MiB, which ignore rules never are\.",
    ),
    Tree(
        "ignore file is a pipe",
        "has git wait for ignore rules for ever",
        BOUNDS,
        """
os.mkdir('docs')
os.mkfifo('docs/.gitignore')
""",
        r"docs/\.gitignore is not a regular file\.",
    ),
    Tree(
        "deep folders",
        "nests folders deeper than a path can be",
        BOUNDS,
        """
for _ in range(1500):
    os.mkdir('d')
    os.chdir('d')
""",
        r"Folders in the tree are nested deeper than 200\.",
    ),
    Tree(
        "ignore rule that never ends",
        "has git match a pattern that backtracks",
        BOUNDS,
        r"""
Path('.gitignore').write_text(('*a' * 40 + '*b\n') * 50)
Path('a' * 250).touch()
""",
        changed=(".gitignore", "a" * 250),
    ),
    Tree(
        "pipes and sockets",
        "leaves what a reader would wait for",
        BYTES,
        """
os.mkfifo('pipe')
socket.socket(socket.AF_UNIX).bind('socket')
os.remove('README')
os.mkfifo('README')
""",
        changed=("README",),
    ),
    Tree(
        "locked folder",
        "takes the rights to its own files away",
        BYTES,
        r"""
Path('src/slugs.py').write_text('evil = 1\n')
os.chmod('src/slugs.py', 0)
os.chmod('src', 0)
""",
        changed=("src/slugs.py",),
        shown="+evil = 1",
    ),
)

REACHING = (*_RUN_BY_GIT, *_HIDDEN_FROM_GIT, *_SPELLINGS, *_LINKS, *_BOUNDS)
"""Trees that would run something, or lead somewhere."""
