"""The form of signatures, once it is known: learned from the first genuine delivery, and kept.

What is kept is no secret. It is stored under a name that follows from the settings, so that a changed
setting learns anew, and it is stored once: of two receivers that learn at the same time, both go by
what the first of them wrote as soon as they read it again.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from ml_connector.basware.options import WebhookOptions
from ml_connector.basware.settings import BaswareSettings
from ml_connector.basware.signature import Form
from ml_connector.core import codec
from ml_connector.core.ledger import cache
from ml_connector.core.state.store import Store

log = logging.getLogger(__name__)

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def _name(settings: BaswareSettings, options: WebhookOptions, tenant: str) -> str:
    """Another one as soon as anything changes on which the form depends."""
    parts = (
        settings.base_url, settings.webhook_token, settings.signature_encoding, settings.timestamp_header,
        options.signed_message, *options.timestamp_headers,
    )  # fmt: skip
    print_ = hashlib.sha256(codec.encode(list(parts))).hexdigest()[:16]
    return f"basware:signature:{tenant}:{print_}"


class Pinned:
    """The form of one tenant's signatures. Made in a thread, since it reads the database; then without I/O.

    Args:
        start: runs the write beside the event loop; replaceable in tests.
    """

    def __init__(
        self,
        settings: BaswareSettings,
        options: WebhookOptions,
        store: Store,
        tenant: str,
        *,
        start: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._store, self._name = store, _name(settings, options, tenant)
        self._start = start or _in_thread
        self.form = self._read()

    def learn(self, form: Form) -> None:
        """A genuine delivery was signed in this form: from now on no other is taken."""
        if self.form is None:
            self.form = form
            self._start(self._write)

    def _read(self) -> Form | None:
        with self._store.read() as connection:
            content = cache.get(connection, self._name, _EVER)
        return None if content is None else Form.from_payload(codec.decode(content))

    def _write(self) -> None:
        """If it fails, the next genuine delivery after the verifier is made again learns once more."""
        form = self.form
        if form is None:
            return
        try:
            with self._store.database.write() as connection:
                new = cache.put_first(
                    connection, self._name, codec.encode(form.as_payload()), self._store.now()
                )
        except SQLAlchemyError as error:
            log.warning("The form of Basware's signatures could not be kept: %s", type(error).__name__)
            return
        if new:
            log.info("Basware signs with %s; other forms are refused from now on", form)


def _in_thread(write: Callable[[], None]) -> None:
    threading.Thread(target=write, name="ml-connector-basware-signature", daemon=True).start()
