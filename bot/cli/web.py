"""`pullwright web`: the receiver alone."""

import asyncio

import click


@click.command("web")
def command() -> None:
    """Receive webhooks until told to stop."""
    from bot.cli.begin import begin
    from bot.web.serve import serve

    asyncio.run(serve(begin("web")))
