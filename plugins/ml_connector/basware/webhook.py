"""Decides whether a delivery is Basware's, and what it is about.

A notification names a document and no more; the run that it wakes reads the document itself. What is not
published about signatures is learned from the first genuine delivery (see ``pinning``): the call with
which Basware tries a new subscription out is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from ml_connector.basware.notifications import CONNECTION_TEST, event_of, type_of
from ml_connector.basware.options import BaswareOptions, WebhookOptions
from ml_connector.basware.pinning import Pinned
from ml_connector.basware.settings import BaswareSettings
from ml_connector.basware.signature import HEADER, Allowed, Form, Written, is_signed, read
from ml_connector.core import codec
from ml_connector.core.contract import Payload
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Delivery, Event, Refused

_MILLISECONDS = 100_000_000_000
"""A number from here on counts milliseconds: as seconds it would lie beyond the year 5000."""


def make_verifier(
    settings: BaswareSettings, options: BaswareOptions, store: Store, tenant: str
) -> BaswareVerifier:
    """With the form of signatures as far as it is known. Blocking."""
    pinned = Pinned(settings, options.webhooks, store, tenant)
    return BaswareVerifier(settings, options.webhooks, pinned, store.now)


class BaswareVerifier:
    """``core.webhooks.Verifier`` of one tenant. Without a token nothing is taken.

    Args:
        pinned: the form that is known, and where a new one is kept.
        clock: the current time.
    """

    def __init__(
        self,
        settings: BaswareSettings,
        options: WebhookOptions,
        pinned: Pinned,
        clock: Callable[[], datetime],
    ) -> None:
        self._key = (settings.webhook_token or "").encode()
        self._pinned, self._now = pinned, clock
        self._tolerance = timedelta(seconds=options.tolerance_seconds)
        named = settings.timestamp_header
        self._allowed = Allowed(
            settings.signature_encoding,
            options.signed_message,
            (named,) if named else options.timestamp_headers,
            required=named is not None,
        )

    def accept(self, delivery: Delivery) -> Sequence[Event]:
        """See :class:`core.webhooks.Verifier`."""
        if not self._key:
            raise Refused(
                "the connection names no webhook_token, so nothing can be told from a forgery", status=503
            )
        _check_type(delivery)
        form = self._form(delivery)
        self._check_age(form, delivery)
        body = _parsed(delivery.body)
        self._check_expiry(body)
        events = _events(body)
        self._pinned.learn(form)
        return events

    # ---- whose it is

    def _form(self, delivery: Delivery) -> Form:
        """The form in which the delivery is signed."""
        given = delivery.headers.get(HEADER, "").strip()
        if not given:
            raise Refused(f"header {HEADER} is missing", status=401)
        written = read(given)
        if written is None:
            raise Refused(
                f"{HEADER} holds no SHA-256 signature, neither in hexadecimal digits nor in base64",
                status=401,
            )
        for form in self._candidates(written, delivery):
            if is_signed(self._key, form, written, delivery.headers, delivery.body):
                return form
        raise Refused(self._unsigned(), status=401)

    def _candidates(self, written: Written, delivery: Delivery) -> Sequence[Form]:
        forms = list(self._allowed.forms(written, delivery.headers))
        known = self._pinned.form
        if known is None:
            return forms
        seen = (written.encoding, written.prefixed) == (known.encoding, known.prefixed)
        timed = known.timestamp_header is None or delivery.headers.get(known.timestamp_header, "").strip()
        return [known] if seen and timed else []

    def _unsigned(self) -> str:
        known = self._pinned.form
        how = f" ({known}, as learned; a change of the connection learns anew)" if known else ""
        return (
            f"{HEADER} does not fit webhook_token{how}: forged, changed on its way, or signed with the token "
            "of an older subscription"
        )

    def _check_age(self, form: Form, delivery: Delivery) -> None:
        """A time that is not signed along proves nothing, but one that is too old still refuses."""
        needed = form.timestamp_header
        for name in [needed] if needed else self._allowed.timestamp_headers:
            at = moment(delivery.headers.get(name, ""))
            if at is None and needed:
                raise Refused(f"{name} holds no time", status=401)
            if at is not None and abs(self._now() - at) > self._tolerance:
                seconds = (self._now() - at).total_seconds()
                raise Refused(
                    f"the delivery is {seconds:.0f} s old by {name}, and no more than "
                    f"{self._tolerance.total_seconds():.0f} are allowed: repeated, or a clock is wrong",
                    status=401,
                )

    def _check_expiry(self, body: Payload) -> None:
        """Basware reserves the field: only a time that has really passed refuses the delivery."""
        at = moment(body.get("expirationTime"))
        if at is not None and self._now() - at > self._tolerance:
            raise Refused(f"the notification expired at {at:%Y-%m-%d %H:%M} UTC", status=401)


def moment(value: Any) -> datetime | None:
    """A time in any of the usual forms: seconds or milliseconds since 1970, ISO 8601, or of HTTP."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > 40:
        return None
    try:
        if text.isascii() and text.isdigit():
            number = int(text)
            return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, UTC)
        parse = datetime.fromisoformat if text[:1].isdigit() else parsedate_to_datetime
        at = parse(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _check_type(delivery: Delivery) -> None:
    media_type = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refused(f"Basware sends application/json, this is {media_type!r}", status=415)


def _parsed(body: bytes) -> Payload:
    try:
        found = codec.decode(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Refused(f"a signed delivery that cannot be read ({type(error).__name__})", status=400) from None
    if not isinstance(found, dict):
        raise Refused("a signed delivery that is no object", status=400)
    return found


def _events(body: Payload) -> Sequence[Event]:
    try:
        return [] if type_of(body) == CONNECTION_TEST else [event_of(body)]
    except ValueError as error:
        raise Refused(f"a signed delivery of Basware: {error}", status=400) from None
