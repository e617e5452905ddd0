"""Our webhook subscription in BILL: there once, switched on, for the right events, its key known.

BILL switches a subscription off after about half a minute of failed deliveries, and sends nothing
until somebody switches it on again. So every run looks after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ml_connector.bill.api import Record
from ml_connector.bill.payment_fields import objects
from ml_connector.bill.webhook_api import VERSION, WebhookApi
from ml_connector.bill.webhook_keys import Kept, WebhookKeys
from ml_connector.core.errors import ContractChanged, Rejected

MOST = 10
"""Subscriptions that BILL allows an organization."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The subscription as it should be."""

    url: str
    name: str
    events: Sequence[str]


@dataclass(slots=True)
class Findings:
    """What was found and done. An alert's name says what it is about, so that it is told once."""

    alerts: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Subscriptions:
    """Keeps one subscription of one organization.

    Args:
        keys: where its key is kept.
        key_given: the connection names a key, so one that is not kept here may still be known.
    """

    def __init__(self, api: WebhookApi, keys: WebhookKeys, wanted: Wanted, *, key_given: bool) -> None:
        self._api, self._keys, self._wanted, self._key_given = api, keys, wanted, key_given

    async def ensure(self, found: Findings) -> Record | None:
        """The subscription, made or repaired where need be; None where there can be none.

        Raises:
            ConnectorError: BILL did not answer as it should; what was found until then is in ``found``.
        """
        async with self._keys.lock():
            rows = await self._api.subscriptions()
            kept = await self._keys.get()
            mine = [row for row in rows if self._is_ours(row, kept)]
            under_way = kept.pending is not None and kept.pending.repeatable("create", self._keys.now())
            if under_way or not mine:
                made = await self._create(kept, found, full=len(rows) >= MOST and not under_way)
                if made is not None and made["id"] not in {row.get("id") for row in mine}:
                    mine.append(made)
            if not mine:
                return None
            one = self._chosen(mine, kept, found)
            await self._know_key(one, kept, found)
            one = await self._complete(one, found)
            return await self._switch_on(one, found)

    def _is_ours(self, row: Record, kept: Kept) -> bool:
        """By address; by id where the address was changed since."""
        return _same_address(row.get("notificationUrl"), self._wanted.url) or (
            kept.subscription_id is not None and row.get("id") == kept.subscription_id
        )

    async def renew_key(self, row: Record, found: Findings) -> None:
        """Make a new key, and keep it."""
        async with self._keys.lock():
            kept = await self._keys.get()
            idempotency_key = await self._keys.begin(kept, "renew")
            kept.take(row["id"], await self._api.renew_key(row["id"], idempotency_key), self._keys.now())
            await self._keys.put(kept)
        found.notes.append(f"made a new key for webhook subscription {row['id']}")

    # ---- one subscription

    async def _create(self, kept: Kept, found: Findings, *, full: bool) -> Record | None:
        if not self._keys.durable:
            found.alerts["no payload keys"] = (
                "The webhook subscription in BILL was not made: its key is shown only once and must be kept "
                "encrypted, and no payload keys are configured. Set [ml_connector] payload_keys, or make the "
                "subscription by hand and put its key into the connection as webhook_security_key."
            )
            return None
        if full:
            found.alerts["too many"] = (
                f"The webhook subscription in BILL was not made: the organization has {MOST} already, and "
                "BILL allows no more. Delete one that nobody needs."
            )
            return None
        events = await self._offered(self._wanted.events, found)
        if not events:
            return None
        body = {
            "name": self._wanted.name,
            "status": {"enabled": True},
            "events": _shown(events),
            "notificationUrl": self._wanted.url,
        }
        return await self._subscribe(kept, body, found)

    async def _subscribe(self, kept: Kept, body: dict[str, Any], found: Findings) -> Record:
        idempotency_key = await self._keys.begin(kept, "create")
        try:
            made, key = await self._api.subscribe(body, idempotency_key)
        except Rejected:
            kept.pending = None  # nothing was made, so the next try is another one
            await self._keys.put(kept)
            raise
        if not isinstance(made.get("id"), str):
            raise ContractChanged("BILL's answer names no subscription")
        kept.take(made["id"], key, self._keys.now())
        await self._keys.put(kept)
        found.notes.append(f"made webhook subscription {made['id']} to {self._wanted.url}")
        return made

    def _chosen(self, mine: list[Record], kept: Kept, found: Findings) -> Record:
        """The one to go on with: whose key is known, then one that is switched on, then the oldest."""
        ranked = sorted(
            mine,
            key=lambda row: (
                row.get("id") != kept.subscription_id, not _enabled(row), str(row.get("createdTime")),
            ),
        )  # fmt: skip
        one, *others = ranked
        if not isinstance(one.get("id"), str):
            raise ContractChanged("BILL's list of webhook subscriptions names no ids")
        if others:
            ids = ", ".join(str(row.get("id")) for row in others)
            found.alerts["several"] = (
                f"BILL has {len(mine)} webhook subscriptions with our address. {one['id']} is used; delete "
                f"{ids} in BILL, whose deliveries are refused."
            )
        return one

    # ---- its key, its state, its events

    async def _know_key(self, row: Record, kept: Kept, found: Findings) -> None:
        """A key that is not known cannot be asked for, only replaced."""
        if self._key_given or (kept.keys and kept.subscription_id == row["id"]):
            return
        if not self._keys.durable:
            found.alerts["no payload keys"] = (
                f"Deliveries of BILL's webhook subscription {row['id']} are refused: its key is not known, "
                "and without payload keys none can be kept. Set [ml_connector] payload_keys, or put the key "
                "into the connection as webhook_security_key."
            )
            return
        idempotency_key = await self._keys.begin(kept, "renew")
        kept.take(row["id"], await self._api.renew_key(row["id"], idempotency_key), self._keys.now())
        await self._keys.put(kept)
        found.notes.append(f"made a new key for webhook subscription {row['id']}: the old one was not known")

    async def _switch_on(self, row: Record, found: Findings) -> Record:
        if _enabled(row):
            return row
        reason = row["status"].get("reason") or "no reason given"
        await self._api.change(row["id"], {"status": {"enabled": True}})
        now = await self._api.subscription(row["id"])
        if _enabled(now):
            end = "It is switched on again, and the events it missed are fetched from BILL's history."
        else:
            end = "BILL does not switch it on again; payments are polled meanwhile. Look at it in BILL."
        found.alerts["disabled"] = (
            f"BILL had switched off webhook subscription {row['id']} ({reason}). {end} "
            "The usual cause is that the receiver did not answer with 200 within 10 seconds."
        )
        return row | now

    async def _complete(self, row: Record, found: Findings) -> Record:
        """Put its address right, and add the events that it lacks."""
        changes: dict[str, Any] = {}
        if not _same_address(row.get("notificationUrl"), self._wanted.url):
            changes["notificationUrl"] = self._wanted.url
        has = [str(event.get("type")) for event in objects(row.get("events"))]
        missing = [name for name in self._wanted.events if name not in has]
        if added := await self._offered(missing, found) if missing else []:
            changes["events"] = _shown([*has, *added])
        if not changes:
            return row
        found.notes.append(f"changed {' and '.join(sorted(changes))} of webhook subscription {row['id']}")
        return row | await self._api.change(row["id"], changes)

    async def _offered(self, events: Sequence[str], found: Findings) -> list[str]:
        """Those that BILL offers: payment events were once for selected partners only."""
        catalog = await self._api.catalog()
        lacking = [name for name in events if name not in catalog]
        if lacking:
            found.notes.append(
                f"BILL does not offer {', '.join(lacking)} to this organization; payments are polled"
            )
        return [name for name in events if name in catalog]


def _shown(events: Iterable[str]) -> list[dict[str, str]]:
    return [{"type": name, "version": VERSION} for name in events]


def _enabled(row: Record) -> bool:
    status = row.get("status")
    return not isinstance(status, dict) or status.get("enabled") is not False


def _same_address(one: Any, other: str) -> bool:
    """Host in any case, slash at the end or not."""
    if not isinstance(one, str):
        return False
    left, right = (urlsplit(url.strip().rstrip("/")) for url in (one, other))
    return left._replace(netloc=left.netloc.lower()) == right._replace(netloc=right.netloc.lower())
