"""Deliveries: whose they are, and what is taken from them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.bill.events import unpacked
from ml_connector.bill.webhook import SIGNATURE, BillVerifier
from ml_connector.core.webhooks import Delivery, Event, Refused

ORGANIZATION = "00801SIMORGAAAAAA001"
KEY = "sample-security-key-0001"
EVENT: dict[str, Any] = {
    "metadata": {
        "eventId": "e-1", "subscriptionId": "s-1", "organizationId": ORGANIZATION,
        "eventType": "payment.updated", "version": "1",
    },
    "payment": {"id": "stp01", "status": "CLEARED", "funding": {"amount": 228.90}},
}  # fmt: skip
BODY = json.dumps(EVENT, separators=(",", ":")).encode()


def sign(body: bytes, key: str = KEY) -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def sent(body: bytes, signature: str | None = None, **headers: str) -> Delivery:
    own = {"content-type": "application/json", SIGNATURE: sign(body) if signature is None else signature}
    return Delivery({**own, **headers}, body)


def renamed(**metadata: Any) -> Delivery:
    """The event with other metadata, duly signed."""
    return sent(json.dumps(EVENT | {"metadata": EVENT["metadata"] | metadata}).encode())


def verifier(*keys: str, minified: bool = True) -> BillVerifier:
    return BillVerifier(keys or (KEY,), ORGANIZATION, minified=minified)


def refused(one: BillVerifier, delivery: Delivery) -> Refused:
    with pytest.raises(Refused) as caught:
        one.accept(delivery)
    return caught.value


def test_a_genuine_delivery_becomes_its_event() -> None:
    (event,) = verifier().accept(sent(BODY))
    assert event == Event("e-1", "payment.updated", unpacked(BODY))
    assert str(event.body["payment"]["funding"]["amount"]) == "228.9"


def test_published_signatures(published_samples: dict[str, Any]) -> None:
    vectors = published_samples["signature_vectors"]["vectors"]
    assert vectors
    for vector in vectors:
        one = verifier(vector["securityKey"], minified=False)
        (event,) = one.accept(sent(vector["raw_body"].encode(), vector["x-bill-sha-signature"]))
        assert event.type == vector["name"].partition("(")[0]


def test_published_events(published_samples: dict[str, Any]) -> None:
    bodies = published_samples["webhook_payloads"]
    assert bodies
    for name, body in bodies.items():
        (event,) = verifier().accept(sent(json.dumps(body, default=float).encode()))
        assert (event.type, event.event_id) == (name.partition("(")[0], body["metadata"]["eventId"])


@pytest.mark.parametrize(
    ("delivery", "status"),
    [
        (sent(BODY, ""), 401),
        (Delivery({"content-type": "application/json"}, BODY), 401),
        (sent(BODY, sign(BODY, "another key")), 401),
        (sent(BODY, sign(BODY).lower()), 401),
        (sent(BODY, hmac.new(KEY.encode(), BODY, hashlib.sha256).hexdigest()), 401),
        (sent(BODY, "\u00e9\u4e00"), 401),
        (sent(BODY, **{"content-type": "text/plain"}), 415),
        (Delivery({SIGNATURE: sign(BODY)}, BODY), 415),
        (sent(b"{"), 400),
        (sent(b""), 400),
        (sent(b"[1]"), 400),
        (sent(b"\xff\xfe"), 400),
        (sent(b"[" * 5000), 400),
        (renamed(eventId=""), 400),
        (renamed(eventId="e" * 129), 400),
        (renamed(eventType=None), 400),
        (renamed(organizationId="008X"), 403),
        (sent(json.dumps({"payment": {}}).encode()), 403),
    ],
)  # fmt: skip
def test_what_is_refused(delivery: Delivery, status: int) -> None:
    error = refused(verifier(), delivery)
    assert error.status == status
    assert KEY not in str(error)


def test_without_a_key_nothing_is_taken() -> None:
    assert refused(BillVerifier((), ORGANIZATION), sent(BODY)).status == 503
    assert refused(BillVerifier(("",), ORGANIZATION), sent(BODY, sign(BODY, ""))).status == 503


def test_a_content_type_may_name_a_charset() -> None:
    assert verifier().accept(sent(BODY, **{"content-type": "Application/JSON; charset=utf-8"}))


def test_old_and_new_key_during_a_rotation() -> None:
    both = verifier("new-key", "old-key")
    assert both.accept(sent(BODY, sign(BODY, "old-key")))
    assert both.accept(sent(BODY, sign(BODY, "new-key")))
    assert refused(both, sent(BODY, sign(BODY, KEY))).status == 401


def test_a_key_is_text_and_not_what_it_might_decode_to() -> None:
    key = base64.b64encode(b"0123456789abcdef").decode()
    decoded = base64.b64encode(hmac.new(b"0123456789abcdef", BODY, hashlib.sha256).digest()).decode()
    assert verifier(key).accept(sent(BODY, sign(BODY, key)))
    assert refused(verifier(key), sent(BODY, decoded)).status == 401


def test_a_signature_over_the_minified_body() -> None:
    text = {**EVENT, "note": 'a "quoted"  text\n with blanks: é \\'}
    minified = json.dumps(text, separators=(",", ":"), ensure_ascii=False).encode()
    pretty = json.dumps(text, indent=2, ensure_ascii=False).encode()
    assert verifier().accept(sent(pretty, sign(minified)))
    assert refused(verifier(minified=False), sent(pretty, sign(minified))).status == 401


@pytest.mark.parametrize("signed", ["body", "minified event"])
def test_an_event_presented_as_a_string(signed: str) -> None:
    body = json.dumps(json.dumps(EVENT, indent=1)).encode()
    message = {"body": body, "minified event": BODY}[signed]
    assert verifier().accept(sent(body, sign(message)))[0].event_id == "e-1"


def test_an_event_below_payload() -> None:
    body = json.dumps({"id": "x", "payload": json.dumps(EVENT)}).encode()
    assert verifier().accept(sent(body))[0].event_id == "e-1"


def test_a_payload_of_payloads_has_an_end() -> None:
    body = BODY.decode()
    for _ in range(9):
        body = json.dumps({"payload": body})
    assert refused(verifier(), sent(body.encode())).status in (400, 403)


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | texts,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(texts, below, max_size=4),
    max_leaves=12,
)
keys = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(entity=values, key=keys, pretty=st.booleans())
def test_any_event_signed_with_any_key_is_taken(entity: Any, key: str, pretty: bool) -> None:
    event = {"metadata": EVENT["metadata"], "payment": entity}
    body = json.dumps(event, indent=2 if pretty else None, ensure_ascii=False).encode()
    (taken,) = BillVerifier((key,), ORGANIZATION).accept(sent(body, sign(body, key)))
    assert taken.body == event


@given(entity=values, indent=st.sampled_from([None, 1, 4]))
def test_any_event_signed_in_its_minified_form_is_taken(entity: Any, indent: int | None) -> None:
    event = {"metadata": EVENT["metadata"], "payment": entity}
    minified = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
    body = json.dumps(event, indent=indent, ensure_ascii=False).encode()
    assert verifier().accept(sent(body, sign(minified)))[0].body == event


@given(place=st.integers(0, len(BODY) - 1), change=st.integers(1, 255))
def test_no_changed_byte_is_taken(place: int, change: int) -> None:
    body = bytearray(BODY)
    body[place] ^= change
    assert refused(verifier(), sent(bytes(body), sign(BODY))).status == 401


@given(place=st.integers(0, 43), other=st.characters(min_codepoint=33, max_codepoint=126))
def test_no_changed_signature_is_taken(place: int, other: str) -> None:
    signature = sign(BODY)
    changed = signature[:place] + other + signature[place + 1 :]
    if changed == signature:
        assert verifier().accept(sent(BODY, changed))
    else:
        assert refused(verifier(), sent(BODY, changed)).status == 401


MEGABYTE = 1 << 20
FORGED = {
    "blanks": b" " * MEGABYTE,
    "lists": b"[" * MEGABYTE,
    "nested": b'{"a": ' * (MEGABYTE // 6),
    "texts": b"[" + b'"a", ' * (MEGABYTE // 5) + b"1]",
    "numbers": b"[" + b"1.0, " * (MEGABYTE // 5) + b"1]",
    "open text": b'"' + b"a" * MEGABYTE,
    "backslashes": b'"' + b"\\" * MEGABYTE + b'"',
    "text of lists": b'"' + b"[1, " * (MEGABYTE // 4) + b'"',
    "text of texts": json.dumps(json.dumps(["a"] * (MEGABYTE // 8))).encode(),
}


@pytest.mark.parametrize("body", FORGED.values(), ids=FORGED.keys())
def test_a_forged_megabyte_is_refused_cheaply(body: bytes) -> None:
    """Signatures of a megabyte cost some milliseconds, so must the rest. CPU time: others may be busy."""
    one, delivery = verifier("one", "two"), sent(body, sign(b"another"))
    taken = []
    for _ in range(3):
        began = time.process_time()
        assert refused(one, delivery).status == 401
        taken.append(time.process_time() - began)
    assert min(taken) < 0.1


def test_minifying_keeps_every_token_as_it_was_written() -> None:
    metadata = json.dumps(EVENT["metadata"], separators=(",", ":"))
    pretty = '{ "a" : [ 1.50 , 1E5, -0 ],\r\n\t"b": "\\u00e9 \\/ é", "b": null , "metadata": '
    small = '{"a":[1.50,1E5,-0],"b":"\\u00e9 \\/ é","b":null,"metadata":'
    body, signed = f"{pretty}{metadata} }}\n", f"{small}{metadata}}}"
    assert verifier().accept(sent(body.encode(), sign(signed.encode())))


@given(st.binary(max_size=200), st.text(max_size=60))
def test_nothing_else_ever_passes_or_breaks(body: bytes, signature: str) -> None:
    assert refused(verifier(), sent(body, signature)).status == 401
