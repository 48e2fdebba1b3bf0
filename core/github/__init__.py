"""What the service asks of GitHub: typed facts out, a few writes in, and the values that both speak of."""

from core.github.checks import (
    Button,
    CheckRun,
    CheckStatus,
    CommitStatus,
    Conclusion,
    Note,
)
from core.github.contents import (
    FileFacts,
    MadeCommit,
    RepositoryFacts,
    TreeEntry,
)
from core.github.issues import (
    CloseReason,
    Closing,
    Comment,
    CommentEdit,
    CommentHistory,
    Issue,
    LabelEvent,
)
from core.github.moves import (
    NOWHERE,
    Move,
    Written,
)
from core.github.people import (
    Account,
    Collaborator,
)
from core.github.protocol import GitHub
from core.github.pulls import (
    BranchRules,
    LineComment,
    MergeMethod,
    Pull,
    Review,
    ReviewComment,
    ReviewState,
    Turn,
    TurnKind,
)

__all__ = [
    "NOWHERE",
    "Account",
    "BranchRules",
    "Button",
    "CheckRun",
    "CheckStatus",
    "CloseReason",
    "Closing",
    "Collaborator",
    "Comment",
    "CommentEdit",
    "CommentHistory",
    "CommitStatus",
    "Conclusion",
    "FileFacts",
    "GitHub",
    "Issue",
    "LabelEvent",
    "LineComment",
    "MadeCommit",
    "MergeMethod",
    "Move",
    "Note",
    "Pull",
    "RepositoryFacts",
    "Review",
    "ReviewComment",
    "ReviewState",
    "TreeEntry",
    "Turn",
    "TurnKind",
    "Written",
]
