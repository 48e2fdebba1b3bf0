"""The yardstick: an aiohttp handler that checks the HMAC and parses the JSON, and keeps nothing."""

import hmac
import json
import os

from aiohttp import web


def main() -> None:
    """Serve on PORT until killed; the secret comes by the environment."""
    secret = os.environ["BARE_SECRET"].encode()

    async def receive(request: web.Request) -> web.Response:
        body = await request.read()
        expected = "sha256=" + hmac.digest(secret, body, "sha256").hex()
        if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256", "")):
            return web.Response(status=401)
        json.loads(body)
        return web.Response(status=202)

    app = web.Application()
    app.add_routes([web.post("/webhooks/github", receive)])
    web.run_app(app, host="127.0.0.1", port=int(os.environ["BARE_PORT"]), access_log=None, print=None)


if __name__ == "__main__":
    main()
