"""The issue in which the bot lists what waits for somebody, as people see it."""

from story_world import World

from bot.demo.github.records import Issue


def boards(world: World) -> list[Issue]:
    """The issues that the bot opened."""
    found = world.town.repository.issues.values()
    return [issue for issue in found if issue.pull is None and issue.author.login == "pullwright[bot]"]


def text(world: World) -> str:
    (issue,) = boards(world)
    assert issue.body is not None
    return issue.body.split("\n\n<!-- pullwright")[0]
