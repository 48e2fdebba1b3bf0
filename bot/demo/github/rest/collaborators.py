"""Who collaborates, and what each may do. `permission` is the old four-step scale, `role_name` is exact."""

from .. import shapes
from ..errors import not_found
from ..records import Account, Json, Role
from ..routing import Call, Reply, Routes

routes = Routes()
_OLD_SCALE = {"none": "none", "read": "read", "triage": "read", "write": "write", "maintain": "write", "admin": "admin"}
_STEPS = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
_ORDER = ("none", "read", "triage", "write", "maintain", "admin")


@routes("GET", "/repos/{owner}/{repo}/collaborators", needs="metadata:read", role="write")
async def list_collaborators(call: Call) -> Reply:
    found = [(call.world.account(login), role) for login, role in call.repository.collaborators.items()]
    return call.listed(found, lambda pair: _shape(call, *pair))


@routes("GET", "/repos/{owner}/{repo}/collaborators/{login}", needs="metadata:read", role="write")
async def check(call: Call) -> Reply:
    account = call.world.accounts.get(call.parts["login"].lower())
    if account is None or account.login not in call.repository.collaborators:
        raise not_found()
    return Reply(204)


@routes("GET", "/repos/{owner}/{repo}/collaborators/{login}/permission", needs="metadata:read", role="write")
async def permission(call: Call) -> Reply:
    """An account that does not collaborate still may read what is public; an unknown login is a 404."""
    account = call.world.accounts.get(call.parts["login"].lower())
    if account is None:
        raise not_found()
    role = call.world.role(call.repository, account)
    return Reply(200, {"permission": _OLD_SCALE[role], "role_name": role, "user": _shape(call, account, role)})


def _shape(call: Call, account: Account, role: Role) -> Json:
    steps = {step: _ORDER.index(role) >= _ORDER.index(least) for step, least in _STEPS.items()}
    return shapes.user(call.world, account) | {"permissions": steps, "role_name": role}
