"""Pull requests, their reviews, and the merge."""

from collections.abc import Sequence

from adapters.github.channel import Channel
from adapters.github.parse import MarkedReadyJson, MergedJson, PullFileJson, PullJson, ReviewJson, parsed
from adapters.github.tokens import SHIPPING
from core.errors import AlreadyMerged, GitHubRefused, GitHubUnavailable, MergeRefused, NotThere
from core.github import LineComment, MergeMethod, Pull, Review
from core.names import Sha

_READY = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }"


MOST_FILES = 3000
"""GitHub lists no more files of a pull request.
https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files"""


class DraftsUnsupported(GitHubRefused):
    """This repository has no draft pull requests (a private one on a free plan); open it as a plain one."""

    code = "drafts-unsupported"


class Pulls(Channel):
    async def pull(self, number: int) -> Pull:
        sent = parsed(PullJson, await self.json("/pulls/{number}", {"number": number}), "a pull request")
        return sent.value(await self._identity())

    async def changed_by(self, number: int) -> tuple[str, ...] | None:
        """Every path that the pull request touches, and where files were before; None where GitHub tells not of all."""
        sent = await self.listed("/pulls/{number}/files", {"number": number})
        files = [parsed(PullFileJson, each, "a file of a pull request") for each in sent]
        if len(files) >= MOST_FILES:
            return None
        return tuple(sorted({path for file in files for path in (file.filename, file.previous_filename) if path}))

    async def pulls_from(self, branch: str) -> Sequence[Pull]:
        """Pull requests, open or not, whose head is this branch of this repository; newest first."""
        us = await self._identity()
        query = {"state": "all", "head": f"{self.repo.owner}:{branch}"}
        found = [parsed(PullJson, each, "a pull request").value(us) for each in await self.listed("/pulls", {}, query)]
        # GitHub ignores a filter that it does not understand, and a fork may have a branch of the same name.
        return [each for each in found if each.head_ref == branch and each.head_repository_id == self.repo.id]

    async def open_pulls(self) -> Sequence[Pull]:
        us = await self._identity()
        return [parsed(PullJson, each, "a pull request").value(us) for each in await self.listed("/pulls")]

    async def review(self, number: int, review_id: int) -> Review | None:
        try:
            sent = await self.json("/pulls/{number}/reviews/{id}", {"number": number, "id": review_id})
        except NotThere:
            return None
        return parsed(ReviewJson, sent, "a review").value(await self._identity())

    async def reviews(self, number: int) -> Sequence[Review]:
        """Every review, oldest first."""
        us, sent = await self._identity(), await self.listed("/pulls/{number}/reviews", {"number": number})
        return [parsed(ReviewJson, each, "a review").value(us) for each in sent]

    async def open_pull(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> Pull:
        """The pull request just opened. Raises DraftsUnsupported where only a plain one can be opened."""
        us = await self._identity()
        fields = {"head": branch, "base": base, "title": title, "body": body, "draft": draft}
        try:
            sent = await self.write("POST", "/pulls", {}, fields)
        except GitHubRefused as error:
            if draft and error.status == 422 and "draft pull request" in str(error).lower():
                raise DraftsUnsupported(str(error), error.status) from error
            raise
        return parsed(PullJson, sent, "a pull request").value(us)

    async def edit_pull(self, number: int, *, body: str) -> None:
        await self.write("PATCH", "/pulls/{number}", {"number": number}, {"body": body})

    async def mark_ready(self, node_id: str) -> None:
        """A draft becomes a pull request that can be reviewed and merged. Only GraphQL can do this."""
        done = await self.mutate(_READY, {"id": node_id}, name="to mark the pull request ready", scope=SHIPPING)
        parsed(MarkedReadyJson, done, "the answer to marking a pull request ready")

    async def request_review(self, number: int, login: str) -> None:
        await self.write("POST", "/pulls/{number}/requested_reviewers", {"number": number}, {"reviewers": [login]})

    async def post_review(self, number: int, *, head: Sha, body: str, comments: Sequence[LineComment]) -> Review:
        """The review, with all its comments or not at all."""
        lines = [
            {"path": one.path, "line": one.line, "side": "RIGHT", "body": one.body}
            | ({"start_line": one.start, "start_side": "RIGHT"} if one.start is not None else {})
            for one in comments
        ]
        fields = {"commit_id": head, "event": "COMMENT", "body": body, "comments": lines}
        sent = await self.write("POST", "/pulls/{number}/reviews", {"number": number}, fields)
        return parsed(ReviewJson, sent, "a review").value(await self._identity())

    async def merge(self, number: int, *, sha: Sha, method: MergeMethod, title: str, message: str) -> Sha:
        """The merge commit of exactly this head. AlreadyMerged where somebody was quicker, else MergeRefused.

        GitHub compares `sha` with the head in the same step, so nothing that was pushed later is merged.
        """
        fields = {"sha": sha, "merge_method": method.value, "commit_title": title, "commit_message": message}
        try:
            sent = await self.write("PUT", "/pulls/{number}/merge", {"number": number}, fields, scope=SHIPPING)
        except GitHubRefused as error:
            if error.status not in {405, 409, 422}:
                raise
            refused = error
        else:
            return Sha(parsed(MergedJson, sent, "a merge").sha)
        now = await self.pull(number)
        if now.merged and now.head_sha == sha and now.merge_sha is not None:
            raise AlreadyMerged(f"#{number} is merged already.") from refused
        if "base branch was modified" in str(refused).lower():
            # GitHub's own words for a race with another merge: nothing was done, and it asks to try again.
            raise GitHubUnavailable(str(refused)) from refused
        raise MergeRefused(str(refused)) from refused
