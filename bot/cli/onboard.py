"""`pullwright onboard OWNER/NAME`: offer a repository its first policy file, as a pull request there."""

import click


@click.command("onboard")
@click.argument("repository", metavar="OWNER/NAME")
@click.option("--again", is_flag=True, help="Even if somebody closed an earlier pull request for it.")
@click.option("--as", "login", metavar="LOGIN", help="In this person's name, if their role allows it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(repository: str, again: bool, login: str | None, as_json: bool) -> None:
    """Offer a repository a `.github/pullwright.yml` that is made for it, in one pull request.

    The service must run, and the App must be installed there. Asked again, the same pull request is named. The exit
    code is 1 where nothing is offered: the reason is printed.
    """
    from bot.cli.ordering import offered_or_over, order

    inputs = {"again": "true"} if again else {}
    order("onboard", repository, login, None, inputs, until=offered_or_over, joins=True, as_json=as_json)
