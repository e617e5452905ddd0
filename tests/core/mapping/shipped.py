"""The shipped mappings to BILL, ready to be applied."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from ml_connector.core.config import TenantConfig, find_dataset, find_mapping
from ml_connector.core.contract import Desired
from ml_connector.core.mapping import CompiledMapping, Mapped, compile_mapping

from .support import TENANT

ROOT = Path(__file__).parents[3]
MAPPINGS = ROOT / "include" / "mappings"
NAMES = ("accounts", "bills", "classes", "departments", "locations", "vendor_credits", "vendors")
ACH = {"bill_pays": {"scheduled_payments": {"all": {"PYMNT_METHOD": ["ACH"]}}}}


@cache
def shipped(name: str, *, pays: bool = True, flows: str = "{}") -> CompiledMapping:
    mapping = find_mapping("bill", name, [MAPPINGS])
    tenant = TENANT | {
        "rules": ACH if pays else {},
        "setids": ["SHARE"],
        "setid_of": {},
        "integrations": {"bill": {"flows": json.loads(flows)}},
    }
    dataset = find_dataset("peoplesoft", mapping.dataset, [MAPPINGS])
    return compile_mapping(mapping, dataset, TenantConfig.model_validate(tenant))


class Crosswalk(dict[tuple[str, str], str]):
    """Knows an id for every key."""

    def get(self, key: Any, _default: Any = None) -> str:
        return f"{key[0]}:{key[1]}"


def desired(name: str, document: dict[str, Any], **more: Any) -> Desired:
    mapping = shipped(name)
    result = mapping.apply(document, Crosswalk(), selected=mapping.selected(document), **more)
    assert isinstance(result, Mapped), result
    return result.desired
