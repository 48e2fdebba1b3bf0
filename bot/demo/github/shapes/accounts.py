"""Accounts, Apps, installations and reactions as JSON."""

from collections import Counter
from typing import TYPE_CHECKING

from ..records import Account, App, Installation, Json, Reaction
from .times import iso

if TYPE_CHECKING:
    from ..world import World

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


def user(world: "World", account: Account) -> Json:
    api = f"{world.url}/users/{account.login}"
    page = account.login.removesuffix("[bot]")
    return {
        "login": account.login,
        "id": account.id,
        "node_id": account.node_id,
        "avatar_url": f"{world.url}/avatars/{account.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{world.url}/apps/{page}" if account.type == "Bot" else f"{world.url}/{account.login}",
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": account.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def organization(world: "World", account: Account) -> Json:
    api = f"{world.url}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": account.node_id,
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": f"{world.url}/avatars/{account.id}",
        "description": None,
    }


def app(world: "World", it: App) -> Json:
    return {
        "id": it.id,
        "client_id": it.client_id,
        "slug": it.slug,
        "node_id": it.node_id,
        "owner": user(world, it.owner),
        "name": it.name,
        "description": "",
        "external_url": world.url,
        "html_url": f"{world.url}/apps/{it.slug}",
        "created_at": iso(it.created_at),
        "updated_at": iso(it.created_at),
        "permissions": it.permissions,
        "events": list(it.events),
    }


def installation(world: "World", it: Installation) -> Json:
    return {
        "id": it.id,
        "client_id": it.app.client_id,
        "account": user(world, it.account),
        "repository_selection": "selected",
        "access_tokens_url": f"{world.url}/app/installations/{it.id}/access_tokens",
        "repositories_url": f"{world.url}/installation/repositories",
        "html_url": f"{world.url}/settings/installations/{it.id}",
        "app_id": it.app.id,
        "app_slug": it.app.slug,
        "target_id": it.account.id,
        "target_type": it.account.type,
        "permissions": it.permissions,
        "events": list(it.app.events),
        "created_at": iso(it.created_at),
        "updated_at": iso(it.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": iso(it.suspended_at),
    }


def installation_node(it: Installation) -> str:
    return f"MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u{it.id}"


def reaction(world: "World", it: Reaction) -> Json:
    return {
        "id": it.id,
        "node_id": it.node_id,
        "user": user(world, it.user),
        "content": it.content,
        "created_at": iso(it.created_at),
    }


def reactions(url: str, given: list[Reaction]) -> Json:
    """The roll-up every comment and issue carries."""
    counted = Counter(each.content for each in given)
    return {"url": f"{url}/reactions", "total_count": len(given)} | {name: counted[name] for name in REACTIONS}
