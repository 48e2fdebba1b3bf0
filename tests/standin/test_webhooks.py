"""Webhooks: signed, in order, logged, and sent again only when asked."""

import hashlib
import hmac
import re
import uuid
from datetime import timedelta

from .conftest import SECRET, Town


async def test_a_delivery_is_signed_and_carries_githubs_headers(town: Town) -> None:
    await town.person("ada").open_issue("x")
    headers, raw, body = (await town.hear()).deliveries[-1]
    expected = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == expected
    assert str(uuid.UUID(headers["X-GitHub-Delivery"])) == headers["X-GitHub-Delivery"]
    assert re.fullmatch(r"GitHub-Hookshot/[0-9a-f]+", headers["User-Agent"])
    assert headers["X-GitHub-Event"] == "issues"
    assert headers["X-GitHub-Hook-ID"] == str(town.app.hook.id)
    assert headers["X-GitHub-Hook-Installation-Target-ID"] == str(town.app.id)
    assert headers["X-GitHub-Hook-Installation-Target-Type"] == "integration"
    assert (body["action"], body["sender"]["login"]) == ("opened", "ada")
    assert body["repository"]["full_name"] == "octo/hello"
    assert body["installation"]["id"] == town.installation.id


async def test_events_arrive_in_the_order_in_which_they_happened(town: Town) -> None:
    ada = town.person("ada")
    await ada.open_issue("x", labels=["bug"])
    comment = await ada.comment(1, "hello")
    await ada.edit_comment(comment.id, "hello!")
    await ada.delete_comment(comment.id)
    await ada.edit_issue(1, body="more")
    await ada.assign(1, "bea")
    await ada.unlabel(1, "bug")
    await ada.close_issue(1)
    await ada.reopen_issue(1)
    assert (await town.hear()).names() == [
        "installation.created",
        "issues.opened",
        "issues.labeled",
        "issue_comment.created",
        "issue_comment.edited",
        "issue_comment.deleted",
        "issues.edited",
        "issues.assigned",
        "issues.unlabeled",
        "issues.closed",
        "issues.reopened",
    ]


async def test_a_payload_shows_the_moment_of_the_event_and_not_a_later_one(town: Town) -> None:
    town.github.webhooks.pause()
    await town.person("ada").open_issue("before")
    await town.person("ada").edit_issue(1, title="after")
    town.github.webhooks.resume()
    received = await town.hear()
    assert received.last("issues", "opened")["issue"]["title"] == "before"
    assert received.last("issues", "edited")["changes"] == {"title": {"from": "before"}}


async def test_an_event_the_app_did_not_subscribe_to_is_not_sent(town: Town) -> None:
    await town.hear()
    town.app.events = ("push",)
    await town.person("ada").open_issue("x")
    assert (await town.hear()).names() == ["installation.created"]


async def test_a_failed_delivery_is_logged_and_not_repeated_by_itself(town: Town) -> None:
    town.received.status = 500
    await town.person("ada").open_issue("x")
    await town.hear()
    (first, *_) = (await town.as_app()("GET", "/app/hook/deliveries")).body
    assert (first["event"], first["status_code"], first["status"]) == ("issues", 500, "Invalid HTTP Response: 500")
    assert town.received.names().count("issues.opened") == 1


async def test_a_redelivery_has_the_same_guid_and_the_same_bytes(town: Town) -> None:
    await town.person("ada").open_issue("x")
    await town.hear()
    app = town.as_app()
    (first, *_) = (await app("GET", "/app/hook/deliveries")).body
    assert (await app("POST", f"/app/hook/deliveries/{first['id']}/attempts")).status == 202
    one, two = (await town.hear()).deliveries[-2:]
    assert one[0]["X-GitHub-Delivery"] == two[0]["X-GitHub-Delivery"] == first["guid"]
    assert one[1] == two[1]
    (again, *_) = (await app("GET", "/app/hook/deliveries")).body
    assert (again["guid"], again["redelivery"], again["id"] > first["id"]) == (first["guid"], True, True)


async def test_an_unreachable_receiver_is_recorded_as_502(town: Town) -> None:
    await town.hear()
    town.app.hook.url = "http://127.0.0.1:1/nobody"
    await town.person("ada").open_issue("x")
    await town.hear()
    (last, *_) = (await town.as_app()("GET", "/app/hook/deliveries")).body
    assert (last["status_code"], last["status"]) == (502, "failed to connect to host")


async def test_the_log_goes_back_page_by_page_with_a_cursor(town: Town) -> None:
    await town.person("ada").open_issue("x", labels=["bug", "question"])
    await town.hear()
    app, found = town.as_app(), []
    path = "/app/hook/deliveries?per_page=2"
    while path:
        answer = await app("GET", path)
        found += [each["id"] for each in answer.body]
        link = answer.headers.get("Link", "")
        path = link.partition(">")[0].removeprefix(f"<{town.github.url}")
    assert found == sorted(found, reverse=True)
    assert len(found) == 4
    detail = (await app("GET", f"/app/hook/deliveries/{found[0]}")).body
    assert detail["request"]["payload"]["label"]["name"] == "question"
    assert detail["response"]["payload"] == "noted"


async def test_the_log_can_be_asked_for_failures_alone_and_for_redeliveries_alone(town: Town) -> None:
    await town.person("ada").open_issue("x")
    await town.hear()
    town.received.status = 500
    await town.person("ada").comment(1, "lost")
    await town.hear()
    app = town.as_app()
    (failed,) = (await app("GET", "/app/hook/deliveries?status=failure")).body
    assert (failed["event"], failed["status_code"]) == ("issue_comment", 500)
    assert (await app("GET", "/app/hook/deliveries?redelivery=true")).body == []
    town.received.status = 200
    await app("POST", f"/app/hook/deliveries/{failed['id']}/attempts")
    await town.hear()
    (again,) = (await app("GET", "/app/hook/deliveries?redelivery=true&status=success")).body
    assert again["guid"] == failed["guid"]
    first = await app("GET", "/app/hook/deliveries?status=success&per_page=1")
    assert "status=success" in first.headers["Link"]
    assert (await app("GET", "/app/hook/deliveries?cursor=nonsense")).status == 422


async def test_the_log_forgets_after_three_days(town: Town) -> None:
    await town.person("ada").open_issue("x")
    await town.hear()
    app = town.as_app()
    (last, *_) = (await app("GET", "/app/hook/deliveries")).body
    for each in town.github.webhooks.log:
        each.delivered_at -= timedelta(days=3, seconds=1)
    assert (await app("GET", "/app/hook/deliveries")).body == []
    assert (await app("POST", f"/app/hook/deliveries/{last['id']}/attempts")).status == 404


async def test_the_installation_event_lists_the_repositories(town: Town) -> None:
    body = (await town.hear()).last("installation", "created")
    assert [each["full_name"] for each in body["repositories"]] == ["octo/hello"]
    assert body["installation"]["app_slug"] == "pull-bot"


async def test_an_uninstalled_app_is_told_and_its_tokens_end(town: Town) -> None:
    bot = await town.as_bot()
    town.world.uninstall(town.installation)
    assert (await bot("GET", "/repos/octo/hello")).status == 401
    assert (await town.as_app()("GET", "/repos/octo/hello/installation")).status == 404
    await town.person("ada").open_issue("x")
    assert (await town.hear()).names() == ["installation.created", "installation.deleted"]


async def test_a_repository_added_later_is_told(town: Town) -> None:
    more = await town.world.create_repository("octo", "more", town.repository.path, private=True)
    town.world.install(town.app, more)
    event = (await town.hear()).last("installation_repositories", "added")
    assert [each["full_name"] for each in event["repositories_added"]] == ["octo/more"]
    town.world.withdraw(town.installation, more)
    assert (await (await town.as_bot())("GET", "/repos/octo/more")).status == 404
    assert "installation_repositories.removed" in (await town.hear()).names()


async def test_a_redelivery_is_signed_with_the_secret_of_now(town: Town) -> None:
    await town.person("ada").open_issue("x")
    await town.hear()
    town.app.hook.secret = "a new secret"
    app = town.as_app()
    (first, *_) = (await app("GET", "/app/hook/deliveries")).body
    await app("POST", f"/app/hook/deliveries/{first['id']}/attempts")
    headers, raw, _ = (await town.hear()).deliveries[-1]
    expected = "sha256=" + hmac.new(b"a new secret", raw, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == expected


async def test_no_key_of_the_payloads_that_start_work_is_missing(town: Town) -> None:
    """The keys a consumer of these events reads, by GitHub's published schemas."""
    await town.person("ada").open_issue("x", labels=["bug"])
    await town.person("ada").comment(1, "/implement")
    received = await town.hear()
    common = {"action", "repository", "sender", "installation"}
    assert set(received.last("issues", "labeled")) == common | {"issue", "label"}
    assert set(received.last("issue_comment", "created")) == common | {"issue", "comment"}
    assert set(received.last("issue_comment", "created")["comment"]) == {
        "author_association",
        "body",
        "created_at",
        "html_url",
        "id",
        "issue_url",
        "node_id",
        "performed_via_github_app",
        "reactions",
        "updated_at",
        "url",
        "user",
    }
