"""A flow that carries ready-made target bodies, so that any target can be driven by the core's own load."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from ml_connector.core.config.dataset import Dataset
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.contract import Desired, Document, KeyAnswer, Page, Payload, Target, Window
from ml_connector.core.mapping import CompiledMapping
from ml_connector.core.mapping.results import Mapped
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.state.store import Store

UNIT = "US001"

_TENANT = {
    "tenant": "acme", "environment": "test", "time_zone": "America/New_York", "start": "2026-01-01",
    "connections": {"target": "target"}, "business_units": [UNIT],
}  # fmt: skip
_DATASET = {
    "dataset": "bodies", "system": "anywhere", "unit": "business_unit", "key": ["BUSINESS_UNIT", "NUMBER"],
    "fields": {"BUSINESS_UNIT": {}, "NUMBER": {}},
    "queries": {
        "full": {"name": "ALL", "prompts": {"U": "unit"}},
        "by_key": {"name": "ONE", "prompts": {"U": "key.BUSINESS_UNIT", "N": "key.NUMBER"}},
    },
}  # fmt: skip


class Bodies:
    """A source of documents that hold what the target shall hold; also the mapping that takes it out.

    Args:
        states: what the target calls an object that is there, and one that is not.
    """

    fingerprint = "as it is"

    def __init__(self, states: tuple[str, str] = ("active", "archived")) -> None:
        self.documents: dict[str, Payload] = {}
        self._states = states

    def put(self, key: str, body: Payload, *, absent: bool = False, **more: Any) -> None:
        """Add or change a document; ``more`` stays in the source."""
        state = self._states[absent]
        self.documents[f"{UNIT}|{key}"] = {"state": state, "absent": absent, "body": body, **more}

    # ---- as a source

    async def read(self, window: Window) -> AsyncIterator[Page]:
        yield Page([self._document(key) for key in sorted(self.documents)], None, last=True)

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        there = [self._document(key) for key in keys if key in self.documents]
        return KeyAnswer(there, [key for key in keys if key not in self.documents])

    def _document(self, key: str) -> Document:
        return Document(key, UNIT, self.documents[key])

    # ---- as a mapping

    def selected(self, payload: Payload) -> bool:
        return True

    def references(self, payload: Payload) -> list[Any]:
        return []

    def apply(
        self, payload: Payload, crosswalk: Mapping[Any, str], *, selected: bool = True, known: bool = True
    ) -> Mapped:
        desired = Desired(payload["state"], payload["body"], payload["absent"])
        return Mapped(amount=payload.get("amount"), desired=desired)


def flow(name: str, bodies: Bodies, target: Target, store: Store, patience: float = 0.0) -> FlowContext:
    """The flow ``name`` with this target; it waits so long for documents in doubt."""
    tenant, dataset = TenantConfig.model_validate(_TENANT), Dataset.model_validate(_DATASET)
    mapping = cast(CompiledMapping, bodies)
    ctx = FlowContext(
        tenant, name, tenant.flow(name), dataset, mapping, store, "contract", source=bodies, target=target
    )
    ctx.lease, ctx.patience = timedelta(seconds=60), timedelta(seconds=patience)
    return ctx
