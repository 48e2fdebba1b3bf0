"""Accounts."""

from .. import shapes
from ..routing import Call, Reply, Routes
from ..shapes.times import iso

routes = Routes()


@routes("GET", "/users/{login}", needs="anyone")
async def get(call: Call) -> Reply:
    account = call.world.account(call.parts["login"])
    return Reply(
        200,
        shapes.user(call.world, account)
        | {"name": account.name, "company": None, "blog": "", "location": None, "email": None, "bio": None}
        | {"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0}
        | {"created_at": iso(account.created_at), "updated_at": iso(account.created_at)},
    )


@routes("GET", "/user", needs="anyone")
async def get_self(call: Call) -> Reply:
    return Reply(200, shapes.user(call.world, call.account) | {"name": call.account.name})


@routes("GET", "/orgs/{org}/members/{login}", needs="members:read")
async def check_member(call: Call) -> Reply:
    org, account = call.world.account(call.parts["org"]), call.world.account(call.parts["login"])
    return Reply(204 if account in org.members else 404)


@routes("GET", "/orgs/{org}/teams/{team}/memberships/{login}", needs="members:read")
async def team_membership(call: Call) -> Reply:
    """404 for a team that is none, and for whoever is not in it: the answer does not tell which.

    https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user
    """
    org, slug, login = (call.parts[name] for name in ("org", "team", "login"))
    account = call.world.accounts.get(login.lower())
    if account is None or account not in call.world.account(org).teams.get(slug.lower(), []):
        return Reply(404)
    url = f"{call.world.url}/orgs/{org}/teams/{slug}/memberships/{account.login}"
    return Reply(200, {"url": url, "role": "member", "state": "active"})
