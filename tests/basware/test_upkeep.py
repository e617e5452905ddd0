"""Subscriptions that stay as they should be, and notifications that never came."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ml_connector.basware.api import BaswareApi
from ml_connector.basware.options import WebhookOptions
from ml_connector.basware.upkeep import Upkeep, receiver_url
from ml_connector.core.contract import CaughtUp
from ml_connector.core.errors import AuthenticationError
from ml_connector.core.http import Interrupted, Request, Response
from ml_connector.core.ledger import inbox, watermarks
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.store import Store
from tests.state import migrated

from .notifications import NOTIFICATION
from .support import NOON, TOKEN, Basware, Clock, answer, connected, refusal, settings

ADDRESS = "https://airflow.example.com/ml-connector/webhooks/basware/demo"
SCOPE = Scope("demo", "test", "basware.invoices")
KINDS = [("AccountingDocuments", "WaitingForTransfer"), ("RequestStatus", "Error")]
EMPTY = answer(None, 404)


def subscription(kind: str, sub: str | None, url: str = ADDRESS, token: str | None = TOKEN) -> dict[str, Any]:
    return {
        "taskType": kind, "taskSubType": sub, "subscriptionType": "Webhook", "notificationWebhookURL": url,
        "webhookAuthenticationToken": token, "lastUpdated": "2026-11-18T08:00:00Z",
    }  # fmt: skip


def task(name: str, minutes: int = 10, status: str = "Failed", **more: Any) -> dict[str, Any]:
    changed = (NOON - timedelta(minutes=minutes)).isoformat()
    return NOTIFICATION | {"taskId": name, "taskStatus": status, "lastUpdated": changed} | more


@dataclass
class Management:
    """Subscriptions and tasks, as a server that behaves keeps them; what it refuses can be set."""

    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, Response | Exception] = field(default_factory=dict)
    posted: list[Any] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        name = request.path.rpartition("/")[2]
        reply = self.answers.get(f"{request.method} {name}")
        if isinstance(reply, Exception):
            raise reply
        if reply is not None:
            return reply
        if request.method == "POST":
            return self._post(json.loads(request.body or b"[]"))
        if name == "subscriptions":
            return answer({"subscriptions": self.subscriptions}) if self.subscriptions else EMPTY
        query = dict(request.params)
        self.asked.append(query)
        rows = [row for row in self.tasks if row["taskStatus"] == query["taskStatus"]]
        return answer({"taskStatus": rows}) if rows else EMPTY

    def _post(self, entries: list[dict[str, Any]]) -> Response:
        self.posted.append(entries)
        named = {(entry["taskType"], entry["taskSubType"]) for entry in entries}
        kept = [row for row in self.subscriptions if (row["taskType"], row["taskSubType"]) not in named]
        self.subscriptions = [*kept, *entries]
        return answer(entries)


@dataclass
class Scene:
    store: Store
    clock: Clock
    server: Management
    basware: Basware
    api: BaswareApi
    options: WebhookOptions = field(default_factory=WebhookOptions)

    async def run(self, **changed: Any) -> CaughtUp:
        return await Upkeep(
            settings(**changed), self.options, self.api, self.store, SCOPE, address=ADDRESS
        ).run()

    def store_events(self, caught: CaughtUp) -> None:
        with self.store.write() as tx:
            inbox.put(tx, "basware", "demo", caught.events, origin="history")

    @property
    def mark(self) -> watermarks.Mark:
        with self.store.read() as connection:
            return watermarks.get(connection, SCOPE, "notifications", "basware", "history")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    database = migrated(tmp_path / "state.db")
    clock, server = Clock(), Management()
    basware = Basware([server], clock)
    with Store(database, Cipher([Fernet.generate_key().decode()]), actor="test", clock=clock) as store:
        async with connected(basware, store) as api:
            yield Scene(store, clock, server, basware, api)


def subscribed(scene: Scene) -> None:
    scene.server.subscriptions = [subscription(kind, sub) for kind, sub in KINDS]


def test_the_address_of_the_receiver() -> None:
    assert receiver_url("https://airflow.example.com/", "demo") == ADDRESS


# ---- subscriptions


async def test_missing_subscriptions_are_made_in_one_call(scene: Scene) -> None:
    found = await scene.run()
    (entries,) = scene.server.posted
    assert [(entry["taskType"], entry["taskSubType"]) for entry in entries] == KINDS
    assert {entry["notificationWebhookURL"] for entry in entries} == {ADDRESS}
    assert {entry["webhookAuthenticationToken"] for entry in entries} == {TOKEN}
    assert (
        found.note == f"subscribed AccountingDocuments/WaitingForTransfer, RequestStatus/Error to {ADDRESS}"
    )
    await scene.run()
    assert len(scene.server.posted) == 1


@pytest.mark.parametrize(
    "row",
    [
        subscription(*KINDS[0]),
        subscription("accountingDocuments", "waitingForTransfer"),
        subscription(*KINDS[0], url=f"{ADDRESS}/".replace("airflow", "AIRFLOW")),
    ],
)
async def test_what_stands_as_it_should_is_left_alone(scene: Scene, row: dict[str, Any]) -> None:
    scene.server.subscriptions = [
        row,
        subscription("RequestStatus", None),
        subscription("ExportedContracts", "All"),
    ]
    assert await scene.run() == CaughtUp([], [])
    assert scene.server.posted == []


@pytest.mark.parametrize(
    "row",
    [
        subscription(*KINDS[0], url="https://old.example.com/hook"),
        subscription(*KINDS[0], token="s3cret-older-token"),
        subscription("AccountingDocuments", "WaitingForPrebook"),
    ],
)
async def test_what_differs_is_posted_again(scene: Scene, row: dict[str, Any]) -> None:
    scene.server.subscriptions = [row, subscription(*KINDS[1])]
    found = await scene.run()
    ((entry,),) = scene.server.posted
    assert (entry["taskType"], entry["taskSubType"]) == KINDS[0]
    assert "s3cret" not in f"{found}"


async def test_a_list_that_hides_tokens(scene: Scene) -> None:
    for hidden in (None, "********"):
        scene.server.subscriptions = [subscription(kind, sub, token=hidden) for kind, sub in KINDS]
        await scene.run()
        scene.server.subscriptions = [subscription(kind, sub, token=hidden) for kind, sub in KINDS]
        await scene.run()
    assert len(scene.server.posted) == 1
    await scene.run(webhook_token="s3cret-a-newer-token")
    assert len(scene.server.posted) == 2


@pytest.mark.parametrize(("changed", "options"), [({"webhook_token": None}, {}), ({}, {"subscribe": False})])
async def test_nobody_who_does_not_want_to_is_subscribed(
    scene: Scene, changed: dict[str, Any], options: dict[str, Any]
) -> None:
    scene.options = WebhookOptions.model_validate(options)
    assert await scene.run(**changed) == CaughtUp()
    assert scene.basware.seen == []


async def test_an_address_of_ones_own(scene: Scene) -> None:
    scene.options = WebhookOptions(
        url="https://hooks.example.com/x", tasks=("ExportedContracts", "RequestStatus")
    )
    await scene.run()
    (entries,) = scene.server.posted
    assert [(entry["taskType"], entry["taskSubType"]) for entry in entries] == [
        ("ExportedContracts", "All"), ("RequestStatus", "Error"),
    ]  # fmt: skip
    assert entries[0]["notificationWebhookURL"] == "https://hooks.example.com/x"


async def test_a_refused_subscription_is_told_once_a_day_and_stops_nothing(scene: Scene) -> None:
    entry = {"code": "SCHEMA_VALIDATION_ERROR", "message": "Connection test failed with 503"}
    scene.server.answers["POST subscriptions"] = refusal(400, entry)
    scene.server.tasks = [task("a")]
    found = await scene.run()
    (alert,) = found.alerts
    assert ADDRESS in alert
    assert "Connection test failed with 503" in alert
    assert [event.event_id for event in found.events] == ["a"]
    again = await scene.run()
    assert (again.alerts, "told already" in (again.note or "")) == ([], True)
    scene.clock.advance(86_401)
    assert len((await scene.run()).alerts) == 1


# ---- what was missed


async def test_missed_notifications_are_brought(scene: Scene) -> None:
    subscribed(scene)
    scene.server.tasks = [
        task("b", 5), task("a", 10), task("c", 1, "New"), task("d", 3, "Completed"),
        task("e", 2, taskType="ExportedContracts"), task("f", 2, taskType="ConnectionTest"),
        task("g", 2, taskType="AccoutingDocuments", taskHistory=[{"messages": ["HTTP 503"]}]),
    ]  # fmt: skip
    found = await scene.run()
    assert [event.event_id for event in found.events] == ["a", "b", "g", "c"]
    assert {event.type for event in found.events} == {"AccountingDocuments/WaitingForTransfer"}
    assert all("taskHistory" not in event.body for event in found.events)
    assert (found.alerts, found.failure) == ([], None)
    assert {query["taskStatus"] for query in scene.server.asked} == {"Failed", "New"}
    assert {query["lastUpdated"] for query in scene.server.asked} == {"2026-11-19T12:00:00.000Z"}


async def test_what_was_handed_out_and_not_stored_comes_again(scene: Scene) -> None:
    subscribed(scene)
    scene.server.tasks = [task("a", 10), task("b", 5)]
    assert len((await scene.run()).events) == 2
    assert scene.mark.value is None
    found = await scene.run()
    assert len(found.events) == 2
    scene.store_events(found)
    assert (await scene.run()).events == []
    assert scene.mark.value == (NOON - timedelta(minutes=5)).isoformat()


async def test_reading_goes_on_where_everything_is_known(scene: Scene) -> None:
    subscribed(scene)
    scene.server.tasks = [task("a", 10)]
    scene.store_events(await scene.run())
    await scene.run()
    scene.server.asked.clear()
    scene.server.tasks.append(task("b", 5))
    assert [event.event_id for event in (await scene.run()).events] == ["b"]
    assert scene.server.asked[0]["lastUpdated"] == "2026-11-20T10:50:00.000Z"


async def test_rows_that_hold_nothing(scene: Scene) -> None:
    subscribed(scene)
    scene.server.tasks = [task("a", documentId=None), {"taskStatus": "New"}]
    found = await scene.run()
    assert (found.events, found.alerts) == ([], [])
    assert "2 row(s)" in (found.note or "")


@pytest.mark.parametrize(("minutes", "alerts"), [(10, 1), (60 * 25, 0)])
async def test_our_own_refusals_are_told(scene: Scene, minutes: int, alerts: int) -> None:
    subscribed(scene)
    history = [
        {"action": "New", "messages": ["Task Created"]},
        {"action": "Failed", "messages": ["HTTP 401"]},
    ]
    scene.server.tasks = [task("a", minutes, taskHistory=history)]
    found = await scene.run()
    assert len(found.alerts) == alerts
    assert len(found.events) == 1


# ---- what goes wrong


@pytest.mark.parametrize("reply", [answer(None, 503), Interrupted("timeout", "no answer"), answer(None, 429)])
async def test_an_outage_stops_nothing_and_is_told_after_an_hour(scene: Scene, reply: Any) -> None:
    subscribed(scene)
    await scene.run()
    scene.server.answers["GET tasks"] = reply
    found = await scene.run()
    assert (found.alerts, found.failure, found.events) == ([], None, [])
    assert "could not be looked after" in (found.note or "")
    scene.clock.advance(3601)
    found = await scene.run()
    assert len(found.alerts) == 1
    assert "polled" in found.alerts[0]


async def test_what_is_not_granted_says_what_to_do(scene: Scene) -> None:
    scene.server.answers["GET subscriptions"] = answer({"message": "Forbidden"}, 403)
    found = await scene.run()
    (alert,) = found.alerts
    assert "subscriptions.read" in alert
    assert "webhooks.subscribe: false" in alert


async def test_a_scope_that_is_not_asked_for_stops_nothing(scene: Scene) -> None:
    found = await scene.run(scope="accountingDocuments.read tasks.read")
    (alert,) = found.alerts
    assert "lacks subscriptions.read, subscriptions.write" in alert
    assert scene.basware.seen == []
    assert (await scene.run(scope="accountingDocuments.read tasks.read")).alerts == []


async def test_an_answer_that_is_not_understood(scene: Scene) -> None:
    scene.server.answers["GET subscriptions"] = answer("text")
    (alert,) = (await scene.run()).alerts
    assert "cannot be kept" in alert


async def test_refused_credentials_stop_the_run(scene: Scene) -> None:
    scene.server.answers["GET subscriptions"] = answer({"message": "Unauthorized"}, 401)
    with pytest.raises(AuthenticationError):
        await scene.run()


async def test_a_list_of_tasks_that_runs_in_circles(scene: Scene) -> None:
    subscribed(scene)
    scene.server.answers["GET tasks"] = answer(
        {"taskStatus": [task("a")]}, X_amz_meta_continuationToken="t-1"
    )
    found = await scene.run()
    assert "cannot be kept" in found.alerts[0]
    assert scene.mark.value is None


async def test_nothing_shows_the_token(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    echo = refusal(400, {"code": "SCHEMA_VALIDATION_ERROR", "message": f"cannot use {TOKEN}"})
    scene.server.answers["POST subscriptions"] = echo
    found = await scene.run()
    assert TOKEN not in f"{found}{caplog.text}"
    assert scene.mark.columns is None
    del scene.server.answers["POST subscriptions"]
    await scene.run()
    assert TOKEN not in f"{scene.mark}"
