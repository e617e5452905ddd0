"""Connections, actions, runs, users and certificates, held against the published description."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from sandbox.server import Sandbox

from .cleo_client import ADMIN, MAILBOX, Row, Tenant, order_850
from .shapes import differences, sample

NEW = {"alias": "NEWPARTNER", "type": "sftp", "connect": {"port": 22}}


class Described:
    """Checks answers against the schemas of the API's description."""

    def __init__(self, facts: Path) -> None:
        self._document = yaml.safe_load((facts / "cleo" / "openapi.yaml").read_text())

    def faults(self, name: str, value: Any) -> list[str]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": self._document["components"]}
        return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


async def test_answers_fit_the_description(tenant: Tenant, sandbox: Sandbox, facts: Path) -> None:
    described = Described(facts)
    await tenant.order()
    await tenant.upload("upload/vendor", "vendors.csv", b"a,b")
    (owner,) = await tenant.rows("/api/authenticators")
    pages = {
        "ConnectionPage": "/api/connections",
        "ActionPage": "/api/actions",
        "AuthenticatorPage": "/api/authenticators",
        "UserPage": owner["_links"]["users"]["href"],
        "CertPage": "/api/certs",
        "FolderPage": "/api/folders",
        "FilePage": await tenant.contents("download/810"),
        "EventPage": "/api/events",
        "TransferPage": "/api/transfers",
    }
    for name, href in pages.items():
        answer = (await tenant.get(href)).json
        assert described.faults(name, answer) == [], name
        assert answer["resources"], name
    uploads = (await tenant.get(await tenant.contents("upload"))).json
    assert described.faults("FilePage", uploads) == []
    for who in (ADMIN, MAILBOX):
        assert described.faults("Token", (await tenant.login(*who)).json) == []
    assert described.faults("Error", (await tenant.get("/api/connections/none")).json) == []
    run = await tenant.call("POST", (await tenant.action("send", "ACME"))["_links"]["run"]["href"])
    assert described.faults("RunResult", run.json) == []
    assert (
        described.faults("MessagePage", {"totalResults": 1, "resources": await tenant.control("messages")})
        == []
    )


async def test_documented_samples(tenant: Tenant, facts: Path) -> None:
    def documented(name: str) -> Any:
        return sample(facts, f"cleo/samples/{name}.json")

    shown = await tenant.connection("ACME")
    wanted = documented("connection_as2")
    for part in ("incoming", "outgoing", "accept"):
        wanted.pop(part)
    assert differences(shown, wanted) == []
    made = await tenant.call("POST", "/api/connections", documented("request_create_connection_as2"))
    assert (made.status, made.json["ready"]) == (201, True)
    body = documented("request_create_action") | {"alias": "flush"}
    body["connection"] = {"href": made.json["_links"]["self"]["href"]}
    action = await tenant.call("POST", "/api/actions", body)
    wanted = documented("action_send")
    for name in ("lastStatus", "nextRun"):
        wanted.pop(name)
    assert (action.status, differences(action.json, wanted)) == (201, [])
    (folder, *_) = await tenant.rows("/api/folders")
    assert differences(folder, documented("folders_page")["resources"][0]) == []
    stored = await tenant.upload("upload/850", "a.edi", order_850())
    assert differences(stored.json, documented("file_uploaded_201")) == []
    await tenant.control("settle")
    sent = await tenant.rows("/api/transfers", filter='direction eq "send"')
    wanted = documented("transfers_page")["resources"][0]
    for name in ("externalID", "messageID", "ackStatus"):
        wanted.pop(name)
    assert differences(sent[0], wanted) == []
    (event, *_) = await tenant.rows("/api/events")
    wanted = documented("events_page")["resources"][0]
    wanted["attributes"].pop("number")
    assert differences(event, wanted) == []
    assert (
        differences((await tenant.connection("UMBRELLA"))["_links"], documented("connection_as2")["_links"])
        == []
    )


async def test_a_new_connection_is_not_ready_and_brings_template_actions(tenant: Tenant) -> None:
    made = await tenant.call("POST", "/api/connections", NEW)
    assert (made.status, made.json["ready"]) == (201, False)
    assert made.json["notReadyReason"] == "Server Address is required."
    links = made.json["_links"]["actions"]
    aliases = [(await tenant.get(link["href"])).json["alias"] for link in links]
    assert aliases == ["send", "collect"]
    assert (await tenant.call("POST", "/api/connections", NEW)).status == 409
    deleted = await tenant.call("DELETE", made.json["_links"]["self"]["href"])
    assert (deleted.status, deleted.body) == (204, b"")
    assert (await tenant.get(links[0]["href"])).status == 404, "its actions went with it"


async def test_a_put_replaces_the_whole_object(tenant: Tenant) -> None:
    old = await tenant.connection("INITECH")
    href = old["_links"]["self"]["href"]
    assert "password" not in old["connect"]
    answer = await tenant.call("PUT", href, old | {"test": True})
    assert (answer.status, answer.json["ready"]) == (200, False), "the password is gone"
    whole = old | {"connect": old["connect"] | {"password": "new"}}
    whole.pop("incoming")
    answer = await tenant.call("PUT", href, whole)
    assert (answer.json["ready"], "incoming" in answer.json, "test" in answer.json) == (True, False, False)
    assert b"password" not in answer.body
    wrongs: list[Any] = [{"alias": "INITECH"}, {"type": "sftp"}, [], {"type": "teapot", "alias": "INITECH"}]
    for wrong in wrongs:
        assert (await tenant.call("PUT", href, wrong)).status == 400
    taken = await tenant.call("PUT", href, whole | {"alias": "ACME"})
    assert (taken.status, taken.json["message"]) == (409, "alias ACME already exists.")


async def test_defaults_links_and_booleans(tenant: Tenant, sandbox: Sandbox) -> None:
    href = (await tenant.connection("ACME"))["_links"]["self"]["href"]
    assert "test" not in (await tenant.get(href)).json
    assert (await tenant.get(href, includeDefaults="true")).json["test"] is False
    sandbox.cleo.switches.change({"action_links": "object", "text_booleans": True})
    shown = (await tenant.get(href)).json
    assert set(shown["_links"]["actions"]) == {"send", "collect"}
    assert (shown["enabled"], shown["ready"]) == ("true", "true")
    sandbox.cleo.switches.change({"read_only_members": "refuse"})
    assert (await tenant.call("PUT", href, shown)).status == 400


async def test_users_and_certificates(tenant: Tenant) -> None:
    (owner,) = await tenant.rows("/api/authenticators")
    href = owner["_links"]["users"]["href"]
    body: Row = {"username": "second", "accept": {"password": "Abcdef1!"}}
    made = await tenant.call("POST", href, body)
    assert (made.status, "password" in made.json["accept"]) == (201, False)
    assert (await tenant.call("POST", href, body)).status == 409
    assert (await tenant.call("POST", href, {"username": "third"})).status == 400
    assert [row["username"] for row in await tenant.rows(href, filter='username sw "sec"')] == ["second"]
    importing = {"requestType": "importCert", "import": "MIIBnew="}
    cert = await tenant.call("POST", "/api/certs", importing)
    assert (cert.status, len(cert.json["id"])) == (201, 40)
    again = await tenant.call("POST", "/api/certs", importing)
    assert (again.status, again.json) == (409, {"message": "Certificate already exists."})
    serial = f'serialNumber eq "{cert.json["serialNumber"]}"'
    assert [row["certificate"] for row in await tenant.rows("/api/certs", filter=serial)] == ["MIIBnew="]


async def _run(tenant: Tenant, connection: str, **params: Any) -> Any:
    href = (await tenant.action("send", connection))["_links"]["run"]["href"]
    return await tenant.call("POST", href, **params)


async def test_a_run_says_how_it_went_in_its_result(tenant: Tenant, sandbox: Sandbox) -> None:
    answer = await _run(tenant, "ACME", timeout="300", messagesCount="100")
    assert (answer.status, answer.json["status"], answer.json["result"]) == (200, "completed", "success")
    assert answer.json["messages"][0].endswith('Run: type="API"')
    assert 'Command: "PUT -DEL *"' in answer.json["messages"][1]
    assert len((await _run(tenant, "ACME", messagesCount="1")).json["messages"]) == 1
    sandbox.cleo.switches.change({"run_result": "error"})
    failed = await _run(tenant, "ACME")
    assert (failed.status, failed.json["status"], failed.json["result"]) == (200, "completed", "error")
    assert (await tenant.action("send", "ACME"))["lastStatus"] == "Error"


async def test_a_long_run_goes_on_after_its_answer(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"run_seconds": 90})
    answer = await _run(tenant, "ACME", timeout="30")
    assert (answer.status, answer.json["status"], "result" in answer.json) == (200, "running", False)
    assert (await tenant.action("send", "ACME"))["running"] is True
    assert (await _run(tenant, "ACME", timeout="30")).status == 409
    sandbox.clock.advance(91)
    action = await tenant.action("send", "ACME")
    assert (action["running"], action["lastStatus"]) == (False, "Success")


async def test_a_run_needs_the_right(tenant: Tenant) -> None:
    await tenant.control("lock-action", connection="ACME", action="send")
    assert (await tenant.action("send", "ACME"))["runnable"] is False
    assert (await _run(tenant, "ACME")).status == 403
    await tenant.control("lock-action", connection="ACME", action="send", locked=False)
    assert (await _run(tenant, "ACME")).status == 200


async def test_an_unscheduled_outbox_waits_for_its_run(tenant: Tenant) -> None:
    action = await tenant.action("send", "ACME")
    body = {name: value for name, value in action.items() if name != "schedule"}
    assert (await tenant.call("PUT", action["_links"]["self"]["href"], body)).status == 200
    name = await tenant.order()
    assert await tenant.control("received") == []
    answer = await _run(tenant, "ACME")
    assert any(f'File: "{name}"' in line for line in answer.json["messages"])
    assert [row["kind"] for row in await tenant.control("received")] == ["850"]


async def test_a_disabled_connection_keeps_what_it_cannot_send(tenant: Tenant) -> None:
    connection = await tenant.connection("ACME")
    href = connection["_links"]["self"]["href"]
    await tenant.call("PUT", href, connection | {"enabled": False})
    await tenant.order()
    (sent,) = await tenant.rows("/api/transfers", filter='direction eq "send"')
    assert (sent["status"], sent["resultText"]) == ("Error", "it is disabled")
    assert (await _run(tenant, "ACME")).json["result"] == "error"
    await tenant.call("PUT", href, connection | {"enabled": True})
    assert (await _run(tenant, "ACME")).json["result"] == "success"
    assert len(await tenant.control("received")) == 1


@pytest.mark.parametrize("setting", ["forbidden", "absent"])
async def test_transfers_and_events_may_not_be_there(tenant: Tenant, sandbox: Sandbox, setting: str) -> None:
    sandbox.cleo.switches.change({"events": setting, "transfers": setting})
    status = {"forbidden": 403, "absent": 404}[setting]
    for href in ("/api/events", "/api/transfers"):
        assert (await tenant.get(href)).status == status
