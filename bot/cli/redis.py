"""`pullwright redis`: the embedded server, as `up` starts it. Not for people."""

import click


@click.command("redis", hidden=True)
def command() -> None:
    """Become the embedded Redis."""
    from bot.cli.begin import begin
    from bot.up.embedded_redis import become_redis

    become_redis(begin("redis"))
