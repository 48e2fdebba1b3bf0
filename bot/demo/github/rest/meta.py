"""The server about itself."""

from ..errors import Refusal
from ..routing import Call, Reply, Routes

routes = Routes()


@routes("GET", "/meta", needs="anyone")
async def meta(call: Call) -> Reply:
    return Reply(200, {"verifiable_password_authentication": False, "hooks": ["127.0.0.1/32"], "web": ["127.0.0.1/32"]})


@routes("GET", "/rate_limit", needs="anyone")
async def rate_limit(call: Call) -> Reply:
    """Asking costs nothing; 404 where an enterprise server has limits turned off."""
    if not call.world.hourly_limit:
        raise Refusal(404, "Rate limiting is not enabled.")
    budget = call.limits.budget(call.actor).shape()
    return Reply(200, {"resources": {"core": budget, "graphql": budget}, "rate": budget})


@routes("GET", "/zen", needs="anyone")
async def zen(call: Call) -> Reply:
    return Reply(200, "Keep it logically awesome.")
