"""A GitHub to run against: stateful, over real HTTP and git, on loopback only. It imports nothing else of ours.

    async with GitHubStandIn() as github:
        github.world.create_user("ada")
        ...
        await github.person("ada").open_issue("Slow", labels=["bug"])
        await github.webhooks.delivered()

`world` is the state and how it is set up, `records` what it holds, `acts/` what can be done, `rest/` and `graphql`
the doors for programs, `people` the one for persons, `faults` and `GitHubStandIn.middlewares` the seam for a suite
that wants things to go wrong.

Left out on purpose: teams, milestones, search, Actions, forking by the API. What is asked for and not there
answers 404 and is kept in `world.unknown_requests`. As at GitHub, whoever may see a public repository may read it
without a permission, so a missing read permission shows on a private repository only.
"""

from .errors import Refusal
from .people import OtherApp, Person
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
    "OtherApp",
    "Person",
    "Refusal",
    "Repository",
    "World",
]
