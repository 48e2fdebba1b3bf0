"""All trees that attack whoever reads them; here those that hide from people, or pass for something else."""

from hostile_trees import BYTES, REACHING, Tree

NAMES = "Paths are bytes and literal, never patterns or options; what is not UTF-8 is refused"
SHOWN = "The diff is made with attributes of ours, and every changed blob is counted"


def _named(name: str, *names: str) -> Tree:
    return Tree(
        name,
        "names a file so that it could be taken for something else",
        NAMES,
        f"for name in {names!r}:\n    Path(name).write_text('evil = 1\\n')\n",
        changed=tuple(sorted(names)),
        shown="+evil = 1",
    )


_NAMES = (
    _named("name with a line break", "a\nb", "a\r\nM\tREADME"),
    _named("name like an option", "--output=evil", "-rf", "--"),
    _named("name like a path upwards", "...", "..\\..\\evil", "..%2fevil"),
    _named("name like a pattern", ":(exclude)README", "*", "[a-z]"),
    _named("name with control and bidi characters", "\x1b[2J", "\u202egpj.exe", "\x7f"),
    _named("names that differ by case", "readme", "ReadMe", "SRC"),
    _named("name as long as can be", "n" * 255),
    _named("name of something in git", "HEAD", "refs", "FETCH_HEAD"),
    Tree(
        "name that is not text",
        "names a file by bytes that are not UTF-8",
        NAMES,
        r"""
open(b'caf\xe9', 'w').close()
""",
        r"The name caf\\xe9 is not UTF-8\.",
    ),
)

_UNSEEN = "hides changed lines from whoever reads the diff"


def _unseen(name: str, attributes: str) -> Tree:
    return Tree(
        name,
        _UNSEEN,
        SHOWN,
        f"Path('.gitattributes').write_text({attributes!r})\nPath('src/slugs.py').write_text('evil = 1\\n')\n",
        changed=(".gitattributes", "src/slugs.py"),
        shown="+evil = 1",
    )


_HIDDEN_FROM_PEOPLE = (
    _unseen("diff switched off", "* -diff\n*.py binary\n"),
    _unseen("generated and left out", "* linguist-generated export-ignore linguist-vendored\n"),
    _unseen("macro over an attribute", "[attr]text -diff\n[attr]hide -diff -text\n* text hide\n"),
    _unseen("other encoding", "* working-tree-encoding=UTF-16 eol=crlf text=auto ident\n"),
    Tree(
        "attributes below",
        _UNSEEN,
        SHOWN,
        r"""
Path('src/.gitattributes').write_text('* -diff\n')
Path('src/slugs.py').write_text('evil = 1\n')
""",
        changed=("src/.gitattributes", "src/slugs.py"),
        shown="+evil = 1",
    ),
    Tree(
        "rename that changes",
        _UNSEEN,
        SHOWN,
        r"""
os.rename('src/slugs.py', 'src/other.py')
with open('src/other.py', 'a') as f:
    f.write('evil = 1\n')
""",
        changed=("src/other.py", "src/slugs.py"),
        shown="+evil = 1",
    ),
    Tree(
        "mode alone",
        "makes a file a program without changing it",
        SHOWN,
        """
os.chmod('README', 0o755)
""",
        changed=("README",),
        shown="new mode 100755",
    ),
    Tree(
        "white space alone",
        _UNSEEN,
        SHOWN,
        r"""
git('config', 'core.whitespace', '-trailing-space')
git('config', 'diff.noprefix', 'true')
Path('README').write_text('Slugs.   \n')
""",
        changed=("README",),
        shown="+Slugs.   ",
    ),
    Tree(
        "bytes in the place of text",
        "makes a file binary, so that its lines are not compared",
        SHOWN,
        r"""
Path('src/slugs.py').write_bytes(b'evil = 1\n#\0\n')
""",
        changed=("src/slugs.py",),
        shown="Binary files a/src/slugs.py and b/src/slugs.py differ",
    ),
    Tree(
        "other names for people",
        "changes who seems to have written what",
        SHOWN,
        r"""
Path('.mailmap').write_text('Root <root@example.org> <ada@example.org>\n')
""",
        changed=(".mailmap",),
        shown="+Root <root@example.org> <ada@example.org>",
    ),
    Tree(
        "submodule becomes files",
        "puts files into the place of a submodule",
        BYTES,
        r"""
Path('vendor/evil.py').write_text('evil = 1\n')
""",
    ),
    Tree(
        "submodule becomes a file",
        "puts a file into the place of a submodule",
        BYTES,
        r"""
os.rmdir('vendor')
Path('vendor').write_text('evil = 1\n')
""",
    ),
)

TREES = (*REACHING, *_NAMES, *_HIDDEN_FROM_PEOPLE)
