"""The event types an organization may subscribe to.

Events of partners (`autopay.failed`) and of Spend & Expense need other credentials and are not in
it. Only `vendor.*`, `bill.*` and `payment.*` are ever produced here.
"""

from __future__ import annotations

from typing import Any

from sandbox.bill.switches import BillSwitches

VERSION = "1"
_VERBS = ("created", "updated", "archived", "restored")
PAYMENT_TYPES = ("payment.updated", "payment.failed")
TYPES = (
    *(f"{kind}.{verb}" for kind in ("vendor", "bill", "invoice") for verb in _VERBS),
    *PAYMENT_TYPES,
    *(f"{kind}.{verb}" for kind in ("bank-account", "card-account") for verb in _VERBS[:2]),
    "risk-verification.updated",
)


def types(switches: BillSwitches) -> tuple[str, ...]:
    """The types offered now."""
    return tuple(name for name in TYPES if switches.payment_events or name not in PAYMENT_TYPES)


def listed(switches: BillSwitches) -> list[dict[str, Any]]:
    """The catalogue as `GET /v3/events/catalog` answers it."""
    return [{"type": name, "versions": [VERSION]} for name in types(switches)]


def entity_key(event_type: str) -> str:
    """The name under which an event carries its object, e.g. `bill`."""
    return event_type.partition(".")[0]
