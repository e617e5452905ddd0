"""Deliveries: whose they are, what is taken from them, and how their form is learned."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.basware.options import BaswareOptions, WebhookOptions
from ml_connector.basware.pinning import Pinned
from ml_connector.basware.settings import BaswareSettings
from ml_connector.basware.signature import HEADER, Form, Written, read
from ml_connector.basware.webhook import BaswareVerifier, make_verifier, moment
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Delivery, Event, Refused
from tests.state import migrated

from .notifications import (
    BODY,
    CONNECTION_TEST,
    NOTIFICATION,
    STAMP,
    TIME,
    body_of,
    sent,
    signature,
    stamped,
    timed,
    with_time,
)
from .support import NOON, TOKEN, settings

OTHER = "s3cret-another-token"


class Learned(Pinned):
    """Kept in memory, and nowhere else."""

    def __init__(self, form: Form | None = None) -> None:
        self.form = form
        self.writes = 0

    def learn(self, form: Form) -> None:
        if self.form is None:
            self.form, self.writes = form, self.writes + 1


def verifier(
    form: Form | None = None, options: dict[str, Any] | None = None, **changed: Any
) -> BaswareVerifier:
    return BaswareVerifier(
        settings(**changed), WebhookOptions.model_validate(options or {}), Learned(form), lambda: NOON
    )


def refused(one: BaswareVerifier, delivery: Delivery) -> Refused:
    with pytest.raises(Refused) as caught:
        one.accept(delivery)
    assert "s3cret" not in str(caught.value)
    given = delivery.headers.get(HEADER, "")
    assert len(given) < 40 or given not in str(caught.value)
    return caught.value


def test_a_genuine_delivery_becomes_its_event() -> None:
    assert verifier().accept(sent()) == [
        Event(NOTIFICATION["taskId"], "AccountingDocuments/WaitingForTransfer", NOTIFICATION)
    ]


FORMS = [(encoding, prefix) for encoding in ("hex", "base64") for prefix in ("", "sha256=", "SHA256=")]


@pytest.mark.parametrize(("encoding", "prefix"), FORMS)
def test_any_form_is_taken_while_none_is_known(encoding: str, prefix: str) -> None:
    assert verifier().accept(sent(given=signature(BODY, encoding=encoding, prefix=prefix)))
    assert verifier().accept(timed(encoding=encoding, prefix=prefix))
    assert verifier().accept(timed(encoding=encoding, prefix=prefix, header="x-bwapi-request-timestamp"))


def test_the_vendors_vectors(facts: Path) -> None:
    vectors = json.loads((facts / "samples" / "webhook_signature_vectors.json").read_text())
    raw = (facts / "samples" / "webhook_raw_body.bin").read_bytes()
    token, body = vectors["webhookAuthenticationToken"], vectors["raw_body"].encode()
    assert body == raw
    assert len(vectors["candidates"]) == 4
    for text in vectors["candidates"].values():
        (event,) = verifier(webhook_token=token).accept(sent(body, text))
        assert event.event_id == json.loads(body)["taskId"]
    signed = vectors["candidates_with_timestamp_dot_body"]
    stamp = signed.pop("timestamp")
    at = moment(stamp)
    assert at is not None
    assert len(signed) == 2
    for text in signed.values():
        one = BaswareVerifier(settings(webhook_token=token), WebhookOptions(), Learned(), lambda: at)
        assert one.accept(sent(body, text, **{TIME: stamp}))
        one = BaswareVerifier(settings(webhook_token=token), WebhookOptions(), Learned(), lambda: at)
        assert refused(one, sent(body, text, **{TIME: "1795342906"})).status == 401


def test_the_vendors_notifications(facts: Path) -> None:
    for name, kinds in {
        "notification_accountingDocuments": ["AccountingDocuments/WaitingForTransfer"],
        "notification_requestStatus_error": ["RequestStatus/Error"],
        "notification_connectionTest": [],
    }.items():
        body = (facts / "samples" / f"{name}.json").read_bytes()
        assert [event.type for event in verifier().accept(sent(body))] == kinds


def test_the_call_that_tries_a_subscription_out_is_no_event() -> None:
    body = json.dumps(CONNECTION_TEST).encode()
    assert verifier().accept(sent(body)) == []
    assert refused(verifier(), sent(body, signature(body, OTHER))).status == 401


@pytest.mark.parametrize(
    ("delivery", "status"),
    [
        (sent(given=""), 401),
        (Delivery({"content-type": "application/json"}, BODY), 401),
        (sent(given=signature(BODY, OTHER)), 401),
        (sent(given=signature(BODY, OTHER, "base64")), 401),
        (sent(given=signature(BODY)[:-1]), 401),
        (sent(given=signature(BODY, prefix="sha1=")), 401),
        (sent(given=signature(BODY, prefix="sha256=sha256=")), 401),
        (sent(given=signature(BODY, encoding="base64", prefix="").rstrip("=")), 401),
        (sent(given="\u00e9\u4e00"), 401),
        (sent(BODY + b" ", signature(BODY)), 401),
        (sent(content_type="text/plain"), 415),
        (Delivery({HEADER: signature(BODY)}, BODY), 415),
        (sent(b""), 400),
        (sent(b"{"), 400),
        (sent(b"[]"), 400),
        (sent(b'"text"'), 400),
        (sent(b"null"), 400),
        (sent(b"\xff\xfe"), 400),
        (sent(b'{"taskId":"\xff"}'), 400),
        (sent(BODY.decode().encode("utf-16")), 400),
        (sent(b"[" * 5000), 400),
        (sent(b"{}"), 400),
        (sent(body_of(taskId=None)), 400),
        (sent(body_of(taskId="")), 400),
        (sent(body_of(taskId=7)), 400),
        (sent(body_of(taskId="e" * 129)), 400),
        (sent(body_of(taskId="a\nb")), 400),
        (sent(body_of(taskType=None)), 400),
        (sent(body_of(documentId=None)), 400),
        (sent(body_of(documentId={"a": 1})), 400),
        (sent(body_of(expirationTime="2026-11-20T11:54:59Z")), 401),
    ],
)
def test_what_is_refused(delivery: Delivery, status: int) -> None:
    one = verifier()
    assert refused(one, delivery).status == status
    assert one._pinned.form is None


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_nothing_is_taken(token: str | None) -> None:
    assert refused(verifier(webhook_token=token), sent(given=signature(BODY, ""))).status == 503


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"taskType": "AccoutingDocuments"}, "AccountingDocuments/WaitingForTransfer"),
        ({"taskSubType": None}, "AccountingDocuments"),
        ({"taskSubType": 7}, "AccountingDocuments"),
        ({"taskType": "ExportedContracts", "taskSubType": "All"}, "ExportedContracts/All"),
        ({"taskStatus": None, "expirationTime": "soon"}, "AccountingDocuments/WaitingForTransfer"),
        ({"expirationTime": "2026-11-20T11:55:01Z"}, "AccountingDocuments/WaitingForTransfer"),
        ({"expirationTime": 7, "new": {"field": 1.5}}, "AccountingDocuments/WaitingForTransfer"),
    ],
)
def test_what_is_taken_all_the_same(changed: dict[str, Any], kind: str) -> None:
    (event,) = verifier().accept(sent(body_of(**changed)))
    assert event.type == kind


def test_a_content_type_may_name_a_charset() -> None:
    assert verifier().accept(sent(content_type="Application/JSON; charset=utf-8"))


# ---- its time


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
@pytest.mark.parametrize("signed", [True, False])
def test_an_old_delivery_is_refused(seconds: int, signed: bool) -> None:
    stamp = stamped(NOON - timedelta(seconds=seconds))
    delivery = timed(stamp=stamp) if signed else with_time(stamp)
    assert refused(verifier(), delivery).status == 401
    assert refused(verifier(timestamp_header=TIME), delivery).status == 401


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_a_recent_one_is_taken(seconds: int) -> None:
    assert verifier().accept(timed(stamp=stamped(NOON - timedelta(seconds=seconds))))


def test_the_tolerance_can_be_set() -> None:
    stamp = stamped(NOON - timedelta(seconds=500))
    assert verifier(options={"tolerance_seconds": 600}).accept(timed(stamp=stamp))


def test_a_changed_time_breaks_the_signature() -> None:
    delivery = timed()
    moved = Delivery({**delivery.headers, TIME: stamped(NOON + timedelta(seconds=1))}, delivery.body)
    assert refused(verifier(), moved).status == 401


@pytest.mark.parametrize("stamp", ["", "soon"])
def test_a_header_that_is_named_is_needed(stamp: str) -> None:
    one = verifier(timestamp_header=TIME)
    assert refused(one, with_time(stamp)).status == 401
    assert refused(one, timed(stamp="soon")).status == 401
    assert one.accept(timed())


def test_an_unknown_header_without_a_time_in_it_is_passed_over() -> None:
    assert verifier().accept(with_time("batch-7"))


@pytest.mark.parametrize(
    "text",
    [
        STAMP, f"{STAMP}000", "2026-11-20T12:00:00Z", "2026-11-20T12:00:00.000+00:00",
        "2026-11-20T07:00:00-05:00", "2026-11-20T12:00:00", "Fri, 20 Nov 2026 12:00:00 GMT", f" {STAMP} ",
    ],
)  # fmt: skip
def test_times_in_every_usual_form(text: str) -> None:
    assert moment(text) == NOON


@pytest.mark.parametrize("text", ["", "soon", "9" * 30, "9" * 50, None, 7, "-5", "2026-13-01T00:00:00Z", "²"])
def test_what_is_no_time(text: Any) -> None:
    assert moment(text) is None


# ---- what the settings allow


@pytest.mark.parametrize(
    ("changed", "options", "delivery"),
    [
        ({"signature_encoding": "hex"}, {}, sent(given=signature(BODY, encoding="base64"))),
        ({"signature_encoding": "base64"}, {}, sent()),
        ({}, {"signed_message": "timestamp_body"}, with_time(STAMP)),
        ({}, {"signed_message": "timestamp_body"}, sent()),
        ({}, {"signed_message": "body"}, timed()),
        ({}, {"timestamp_headers": ["x-other"]}, timed()),
        ({"timestamp_header": "x-other"}, {}, timed()),
        ({"timestamp_header": TIME}, {}, sent()),
    ],
)
def test_only_what_the_settings_allow(
    changed: dict[str, Any], options: dict[str, Any], delivery: Delivery
) -> None:
    assert verifier().accept(delivery)
    assert refused(verifier(None, options, **changed), delivery).status == 401


# ---- learning


def test_the_first_genuine_delivery_is_the_form_from_then_on() -> None:
    one = verifier()
    refused(one, sent(given=signature(BODY, OTHER, "base64")))
    one.accept(sent(json.dumps(CONNECTION_TEST).encode()))
    assert one._pinned.form == Form("hex", True, "body")
    assert one.accept(sent())
    for other in (
        sent(given=signature(BODY, prefix="")),
        sent(given=signature(BODY, encoding="base64")),
        timed(),
    ):
        assert refused(one, other).status == 401
    assert "as learned" in str(refused(one, timed()))


def test_a_time_that_was_signed_along_is_needed_from_then_on() -> None:
    one = verifier()
    one.accept(timed(prefix="", encoding="base64"))
    assert one._pinned.form == Form("base64", False, "timestamp_body", TIME)
    assert refused(one, sent(given=signature(BODY, prefix="", encoding="base64"))).status == 401
    other = timed(prefix="", encoding="base64", header="x-bwapi-request-timestamp")
    assert refused(one, other).status == 401
    assert one.accept(timed(prefix="", encoding="base64"))


def test_a_delivery_that_cannot_be_read_teaches_nothing() -> None:
    one = verifier()
    refused(one, sent(b"{", signature(b"{", prefix="")))
    assert one._pinned.form is None


def make(store: Store, tenant: str = "demo", **changed: Any) -> BaswareVerifier:
    found: BaswareSettings = settings(**changed)
    return make_verifier(found, BaswareOptions(), store, tenant)


@pytest.fixture
def written_at_once(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Writes that happen in the test's own thread, which is noted."""
    done: list[str] = []

    def run(write: Callable[[], None]) -> None:
        done.append("write")
        write()

    monkeypatch.setattr("ml_connector.basware.pinning._in_thread", run)
    return done


def fresh(body: bytes = BODY, **how: Any) -> Delivery:
    """A delivery of now, for verifiers with the real clock."""
    return sent(body, signature(body, **how))


def test_what_was_learned_is_known_to_others_and_after_a_restart(
    store: Store, written_at_once: list[str]
) -> None:
    body = body_of(expirationTime=None)
    make(store).accept(fresh(body, prefix=""))
    other = make(store)
    assert other.accept(fresh(body, prefix=""))
    assert refused(other, fresh(body)).status == 401
    assert written_at_once == ["write"]


def test_each_tenant_and_each_change_of_the_settings_learns_anew(
    state: Store, written_at_once: list[str]
) -> None:
    body = body_of(expirationTime=None)
    make(state).accept(fresh(body, prefix=""))
    assert make(state, "other").accept(fresh(body))
    assert make(state, signature_encoding="hex").accept(fresh(body))
    assert make(state, webhook_token=OTHER).accept(fresh(body, token=OTHER))
    assert refused(make(state), fresh(body)).status == 401


def test_the_first_of_two_that_learn_at_once_is_kept(state: Store, written_at_once: list[str]) -> None:
    body = body_of(expirationTime=None)
    first, second = make(state), make(state)
    first.accept(fresh(body, prefix=""))
    second.accept(fresh(body))
    assert make(state).accept(fresh(body, prefix=""))
    assert refused(make(state), fresh(body)).status == 401


def test_it_is_kept_without_payload_keys_too(tmp_path: Path, written_at_once: list[str]) -> None:
    database = migrated(tmp_path / "plain.db")
    body = body_of(expirationTime=None)
    with Store(database) as plain:
        make(plain).accept(fresh(body, prefix=""))
        assert refused(make(plain), fresh(body)).status == 401


def test_a_database_that_is_away_is_no_reason_to_refuse(
    state: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    written_at_once: list[str],
) -> None:
    from sqlalchemy.exc import OperationalError

    def fail(*_: Any) -> bool:
        raise OperationalError("INSERT s3cret", {}, Exception("locked"))

    body = body_of(expirationTime=None)
    with monkeypatch.context() as patch:
        patch.setattr("ml_connector.core.ledger.cache.put_first", fail)
        assert make(state).accept(fresh(body, prefix=""))
    assert "could not be kept: OperationalError" in caplog.text
    assert "s3cret" not in caplog.text
    assert make(state).accept(fresh(body))


# ---- forgeries


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
tokens = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(
    token=tokens,
    document=texts.filter(lambda text: text.strip() and text.isprintable()),
    form=st.sampled_from(FORMS),
)
def test_whatever_is_signed_with_any_token_is_taken(token: str, document: str, form: tuple[str, str]) -> None:
    body = json.dumps(NOTIFICATION | {"documentId": document}, ensure_ascii=False).encode()
    (event,) = verifier(webhook_token=token).accept(sent(body, signature(body, token, *form)))
    assert event.body["documentId"] == document


@given(place=st.integers(0, len(BODY) - 1), change=st.integers(1, 255), form=st.sampled_from(FORMS))
def test_no_changed_byte_is_taken(place: int, change: int, form: tuple[str, str]) -> None:
    body = bytearray(BODY)
    body[place] ^= change
    assert refused(verifier(), sent(bytes(body), signature(BODY, TOKEN, *form))).status == 401


@given(form=st.sampled_from(FORMS), data=st.data())
def test_no_changed_signature_is_taken(form: tuple[str, str], data: st.DataObject) -> None:
    text = signature(BODY, TOKEN, *form)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    changed = text[:place] + other + text[place + 1 :]
    if read(changed) == read(text):  # the same bytes in other capitals
        assert changed.lower() == text.lower()
    else:
        assert refused(verifier(), sent(given=changed)).status == 401


@given(text=st.text(max_size=100))
def test_no_text_is_a_signature_by_chance(text: str) -> None:
    assert refused(verifier(), sent(given=text)).status == 401


@given(digest=st.binary(min_size=32, max_size=32), prefix=st.sampled_from(["", "sha256="]))
def test_every_signature_is_read_as_it_was_written(digest: bytes, prefix: str) -> None:
    assert read(prefix + digest.hex()) == Written(digest, "hex", bool(prefix))
    assert read(prefix + digest.hex().upper()) == Written(digest, "hex", bool(prefix))
    assert read(prefix + base64.b64encode(digest).decode()) == Written(digest, "base64", bool(prefix))
