"""What other people's rules ask of a branch, and the merge queue that some of them ask for.

Rulesets: https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch. Of classic protection an App without
`administration` is told the required checks alone: https://docs.github.com/en/rest/branches/branches#get-a-branch
"""

from collections.abc import Sequence
from typing import Any

from adapters.github.channel import Channel
from adapters.github.parse import Edge, parsed
from adapters.github.tokens import SHIPPING
from core.errors import GitHubRefused, MergeRefused, NotThere
from core.github import BranchRules, MergeMethod
from core.names import Sha

_ENQUEUE = (
    "mutation($id: ID!, $head: GitObjectID!) { enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) "
    "{ mergeQueueEntry { position } } }"
)
SIGNED = "required_signatures"
"""The type of the rule that takes signed commits alone."""
_QUEUED = "query($id: ID!) { node(id: $id) { ... on PullRequest { isInMergeQueue } } }"


class _Check(Edge):
    context: str


class _Parameters(Edge):
    required_status_checks: tuple[_Check, ...] = ()
    allowed_merge_methods: tuple[str, ...] | None = None


class _Rule(Edge):
    type: str
    parameters: _Parameters = _Parameters()


class _Required(Edge):
    contexts: tuple[str, ...] = ()


class _Protection(Edge):
    enabled: bool = False
    required_status_checks: _Required = _Required()


class _Branch(Edge):
    protection: _Protection = _Protection()


class _PullNode(Edge):
    isInMergeQueue: bool  # noqa: N815  # GitHub's name


class _Found(Edge):
    node: _PullNode | None


class Rules(Channel):
    async def rules(self, branch: str) -> BranchRules:
        """The rulesets and the protection together. A server that knows no rulesets has none."""
        sent = await self._rulesets(branch)
        rules = [parsed(_Rule, each, "a rule of a branch") for each in sent]
        kinds = {rule.type for rule in rules}
        checks = [check.context for rule in rules for check in rule.parameters.required_status_checks]
        allowed = [rule.parameters.allowed_merge_methods for rule in rules]
        lists = [set(methods) for methods in allowed if methods is not None]
        return BranchRules(
            required_checks=tuple(dict.fromkeys([*checks, *await self._protected(branch)])),
            merge_queue="merge_queue" in kinds,
            signatures=SIGNED in kinds,
            linear="required_linear_history" in kinds,
            methods=tuple(m for m in MergeMethod if m.value in set.intersection(*lists)) if lists else None,
        )

    async def wants_signatures(self, branch: str) -> bool:
        """Of classic protection an App without `administration` is not told: rulesets alone count."""
        return any(parsed(_Rule, each, "a rule of a branch").type == SIGNED for each in await self._rulesets(branch))

    async def queued(self, node_id: str) -> bool:
        sent = await self.mutate(_QUEUED, {"id": node_id}, name="whether a pull request is queued", scope=SHIPPING)
        node = parsed(_Found, sent, "a pull request's place in a queue").node
        return node is not None and node.isInMergeQueue

    async def enqueue(self, node_id: str, *, sha: Sha) -> None:
        try:
            await self.mutate(_ENQUEUE, {"id": node_id, "head": sha}, name="to queue the pull request", scope=SHIPPING)
        except GitHubRefused as error:
            raise MergeRefused(str(error)) from error

    async def _rulesets(self, branch: str) -> Sequence[Any]:
        try:
            return await self.listed("/rules/branches{/branch*}", {"branch": branch.split("/")})
        except NotThere:
            return ()

    async def _protected(self, branch: str) -> Sequence[str]:
        """The checks that classic protection requires; none of a branch that does not exist."""
        try:
            sent = await self.json("/branches{/branch*}", {"branch": branch.split("/")})
        except NotThere:
            return ()
        protection = parsed(_Branch, sent, "a branch").protection
        return protection.required_status_checks.contexts if protection.enabled else ()
