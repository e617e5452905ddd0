"""Decides whether a delivery is BILL's.

Documented by BILL: header ``x-bill-sha-signature`` is the HMAC-SHA256 of the body in base64, its key
the subscription's security key as text. Whether the body as received or its minified form is meant
is told in two ways, so both are tried. Nothing in a delivery tells its time: an old one that comes
again is recognised by its event id.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence

import msgspec

from ml_connector.bill.events import event_of, metadata_of, unpacked
from ml_connector.core import codec
from ml_connector.core.contract import Payload
from ml_connector.core.webhooks import Delivery, Event, Refused

SIGNATURE = "x-bill-sha-signature"


class BillVerifier:
    """``core.webhooks.Verifier`` of one organization. No key, no event: nothing unsigned is ever taken.

    Args:
        keys: any of them may have signed; after a rotation BILL may go on with the old one.
        organization_id: whose events are taken.
        minified: accept a signature over the body without white space too.
    """

    def __init__(self, keys: Sequence[str], organization_id: str, *, minified: bool = True) -> None:
        self._keys = [key.encode() for key in dict.fromkeys(keys) if key]
        self._organization_id, self._minified = organization_id, minified

    def accept(self, delivery: Delivery) -> Sequence[Event]:
        """See :class:`core.webhooks.Verifier`."""
        if not self._keys:
            raise Refused(
                "no key of BILL's webhooks is known: the next run of the events DAG makes the subscription, "
                "or put the key of one made by hand into the connection as webhook_security_key",
                status=503,
            )
        self._check_type(delivery)
        self._check_signature(delivery)
        body = _parsed(delivery.body)
        organization = metadata_of(body).get("organizationId")
        if organization != self._organization_id:
            raise Refused(
                f"the event is about organization {organization!r}, the connection is to "
                f"{self._organization_id}; two tenants may have exchanged addresses or keys",
                status=403,
            )
        try:
            return [event_of(body)]
        except ValueError as error:
            raise Refused(f"a signed delivery of BILL: {error}", status=400) from None

    @staticmethod
    def _check_type(delivery: Delivery) -> None:
        media_type = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Refused(f"BILL sends application/json, this is {media_type!r}", status=415)

    def _check_signature(self, delivery: Delivery) -> None:
        given = delivery.headers.get(SIGNATURE, "").strip().encode()
        if not given:
            raise Refused(f"header {SIGNATURE} is missing", status=401)
        messages = _messages(delivery.body, minified=self._minified)
        if not any(self._signed(message, given) for message in messages):
            raise Refused(
                f"{SIGNATURE} fits none of the {len(self._keys)} known keys: forged, changed on its way, or "
                "signed with a key that was made elsewhere (add it to webhook_security_key)",
                status=401,
            )

    def _signed(self, message: bytes, given: bytes) -> bool:
        return any(hmac.compare_digest(signature(key, message), given) for key in self._keys)


def signature(key: bytes, message: bytes) -> bytes:
    """What the header holds."""
    return base64.b64encode(hmac.digest(key, message, hashlib.sha256))


def _messages(body: bytes, *, minified: bool) -> Iterator[bytes]:
    """What may have been signed: the body, or the JSON in it without white space."""
    yield body
    if not minified:
        return
    try:
        small = _minified(body)
        if small != body:
            yield small
        if small.startswith(b'"'):  # the JSON text of the event, presented as a string
            yield _minified(str(codec.decode(small)).encode())
    except (ValueError, RecursionError):  # no JSON: only the body itself can have been signed
        return


def _minified(text: bytes) -> bytes:
    """Every token stays as it was written; what is no JSON is refused at its first wrong byte."""
    return msgspec.json.format(text, indent=-1)


def _parsed(body: bytes) -> Payload:
    try:
        return unpacked(body)
    except (ValueError, RecursionError) as error:
        raise Refused(f"a signed delivery that cannot be read ({type(error).__name__})", status=400) from None
