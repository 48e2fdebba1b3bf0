"""A GitHub to run against: stateful, over real HTTP and git, on loopback only. It imports nothing else of ours."""

from .errors import Refusal
from .people import Person
from .records import App, CheckRun, Comment, Delivery, Installation, Issue, Repository
from .server import GitHubStandIn
from .world import World

__all__ = [
    "App",
    "CheckRun",
    "Comment",
    "Delivery",
    "GitHubStandIn",
    "Installation",
    "Issue",
    "Person",
    "Refusal",
    "Repository",
    "World",
]
