"""`pullwright up` and `doctor` with an App that GitHub does not believe, or a GitHub that cannot be asked."""

import asyncio
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from adapters.settings import load
from bot.demo.github import GitHubStandIn
from bot.up.identity import check_identity

PULLWRIGHT = str(Path(sysconfig.get_path("scripts"), "pullwright"))


@pytest.fixture
async def github(tmp_path: Path):
    async with GitHubStandIn(tmp_path / "github") as running:
        yield running


def _register(github: GitHubStandIn, pem: str) -> int:
    """An App at the stand-in, with the public half of this key; its id."""
    public = serialization.load_pem_private_key(pem.encode(), None).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    text = public.public_bytes(serialization.Encoding.PEM, form).decode()
    return github.world.create_app("Pullwright", "pullwright", text, "http://127.0.0.1:9/", "s", {}, []).id


async def _said(environ: Mapping[str, str], *arguments: str) -> tuple[int | None, str]:
    child = await asyncio.create_subprocess_exec(
        PULLWRIGHT, *arguments, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await child.communicate()
    return child.returncode, told.decode()


async def test_up_with_the_wrong_app_id_ends_with_2_and_says_so_in_one_sentence(environ, leftovers, github, pem):
    _register(github, pem)
    code, told = await _said({**environ, "PULLWRIGHT_GITHUB_API_URL": github.url, "PULLWRIGHT_APP_ID": "424242"}, "up")
    assert code == 2
    assert (
        "pullwright: PULLWRIGHT_APP_ID, PULLWRIGHT_PRIVATE_KEY: GitHub knows no App with the id 424242.\n"
        "Correct the settings named above and start again; `pullwright doctor` checks them.\n"
    ) in told
    assert leftovers() == []


async def test_up_with_another_apps_key_ends_with_2_and_says_so_in_one_sentence(environ, leftovers, github, other_pem):
    number = _register(github, other_pem)
    named = {"PULLWRIGHT_GITHUB_API_URL": github.url, "PULLWRIGHT_APP_ID": str(number)}
    code, told = await _said({**environ, **named}, "up")
    assert code == 2
    assert f"GitHub does not accept the private key for App {number}: it belongs to another App" in told
    assert "PRIVATE KEY-----" not in told
    assert leftovers() == []


@pytest.mark.slow
async def test_doctor_names_the_app_that_is_not_believed(environ, github, pem):
    _register(github, pem)
    named = {"PULLWRIGHT_GITHUB_API_URL": github.url, "PULLWRIGHT_APP_ID": "424242"}
    code, told = await _said({**environ, **named}, "doctor")
    assert code != 0
    assert "PROBLEM  github app: GitHub knows no App with the id 424242." in told
    assert "The operator should check PULLWRIGHT_APP_ID and the private key" in told


async def test_a_github_that_cannot_be_reached_keeps_nothing_from_starting(environ):
    settings = {name: value for name, value in environ.items() if name.startswith("PULLWRIGHT_")}
    await check_identity(load({**settings, "PULLWRIGHT_GITHUB_API_URL": "http://127.0.0.1:9"}))
