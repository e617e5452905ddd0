"""Mistakes that single fields of a partner file cannot see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml_connector.cleo.partners import directory
from ml_connector.cleo.partners.consistency import cross_faults
from ml_connector.cleo.partners.profile import Profile
from tests.cleo.partners.support import ACME, OPTIONS, TENANT_CONFIG, tenant_in, write


def faults(**changed: Any) -> Iterator[str]:
    for _, message, _ in cross_faults(Profile.model_validate(ACME | changed)):
        yield message


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"identities": [{"qualifier": "ZZ", "id": "AC/ME"}], "delimiters": {"element": "/"}}, "delimiter"),
        ({"documents": {"purchase_order": {"line_ids": ["BP", "BP"]}}}, "named twice"),
        (
            {"documents": {"purchase_order": {"action": "send"}}, "connection": None},
            "found by its connection",
        ),
        ({"documents": {"invoice": {"action": "send"}}, "connection": None}, "found by its connection"),
    ],
)
def test_each_is_told(changed: dict[str, Any], told: str) -> None:
    (message,) = faults(**changed)
    assert told in message


def test_a_file_without_them_is_fine() -> None:
    assert not list(faults(documents={"purchase_order": {"line_ids": ["VP", "BP"]}}))


@pytest.mark.parametrize(
    "documents",
    [
        {"purchase_order": {"line_ids": ["UP"]}},
        {"purchase_order": {"terms": {"N30": {}}}},
        {"invoice": {"as": "json"}},
    ],
)
def test_what_says_nothing_is_no_file(documents: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="documents"):
        Profile.model_validate(ACME | {"documents": documents})


def test_units_without_an_identity_of_ours_are_told(tmp_path: Path) -> None:
    tenant = tenant_in(tmp_path)
    write(tmp_path, "acme", yaml.safe_dump(ACME))
    nobody = OPTIONS.model_copy(update={"identities": {}})
    told = directory.check(tenant, nobody)
    assert [
        unit for unit in TENANT_CONFIG.business_units if any(f"unit {unit} " in text for text in told)
    ] == list(TENANT_CONFIG.business_units)
