"""A run of any workflow text on an issue of the sample repository, begun as intake would write it."""

from story_world import SAMPLE, World

from adapters.store import runs
from core.digests import digest
from core.names import Repo, RunId, Subject, SubjectKind
from core.runs import NewRun, Snapshot
from core.workflow import parse


async def begin(world: World, text: str, *, issue: int | None = None, **inputs: str) -> RunId:
    """A queued run of this workflow for rosa: on this issue, or on a new one. `settle()` plays it."""
    name = parse(text, "own.yml").name
    if issue is None:
        title, body = (SAMPLE / "issue.md").read_text().split("\n", 1)
        issue = (await world.requester.open_issue(title.removeprefix("# "), body.strip())).number
    await world.settle()
    github, repository = world.town.github.world, world.town.repository
    installation = github.installation_of(world.town.app, repository)
    assert installation is not None
    repo = Repo(id=repository.id, owner=repository.owner.login, name=repository.name, installation_id=installation.id)
    client = world.services.github.repository(repo)
    found, now = await client.issue(issue), world.services.clock.now()
    base = await client.head_of(repository.default_branch)
    assert base is not None
    new = NewRun(
        id=world.services.ids.run(),
        workflow=name,
        workflow_text=text,
        workflow_digest=digest("workflow", text),
        repo=repo,
        subject=Subject(kind=SubjectKind.issue, number=issue),
        base_ref=repository.default_branch,
        base_sha=base,
        trigger_key=f"test:{world.services.ids.run()}",
        requester="rosa",
        source="test",
        snapshot=Snapshot(
            title=found.title,
            body=found.body,
            author=found.author.login,
            author_association=found.author_association,
            taken_at=now,
        ),
        inputs=inputs,
        created_at=now,
    )
    async with world.services.store.begin() as db:
        assert await runs.insert(db, new) is runs.Inserted.started
    return new.id
