"""The page about Basware says what the models and the shipped mappings say."""

from __future__ import annotations

import re
import runpy
from typing import Any

import yaml

from ml_connector.basware.master.options import Lists, MasterOptions, VendorOptions
from ml_connector.basware.options import BaswareOptions
from ml_connector.core.config import find_mapping
from ml_connector.core.config.values import Model
from ml_connector.core.dag.definition import read_definitions
from ml_connector.provider_info import get_provider_info

from .blocks import DOCS, ROOT, blocks

PAGE = DOCS / "basware.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([A-Za-z_.]+)`", TEXT))


def test_the_tenant_shown_is_one() -> None:
    (block,) = (block for block in blocks(PAGE) if block.language == "yaml")
    shown: dict[str, Any] = yaml.safe_load(block.text)["integrations"]["basware"]
    model = runpy.run_path(str(ROOT / "dags" / "peoplesoft_basware.py"))["Options"]
    options = model.model_validate(shown["options"])
    assert options.companies == {"1000": "US001"}
    (back, main) = sorted(
        (one for one in read_definitions(ROOT / "dags").definitions if one.integration == "basware"),
        key=lambda one: not one.events,
    )
    assert set(shown["flows"]) <= {flow.group for flow in (*back.flows, *main.flows)}


def test_every_option_is_named() -> None:
    assert not unnamed(BaswareOptions, but={"timeout_seconds", "renew_margin_seconds"})
    assert not unnamed(MasterOptions, but={"inherit", "source_system", "resend", "settle_seconds", "look_ups"}
                       | {"read_back_pages", "read_back_every", "vendors"})  # fmt: skip
    assert not unnamed(Lists, but=set())
    assert set(VendorOptions.model_fields) == {"bank_accounts", "identifiers"}


def unnamed(model: type[Model], *, but: set[str]) -> set[str]:
    names = {name.rpartition(".")[2] for name in NAMED} | {name.partition(".")[0] for name in NAMED}
    return set(model.model_fields) - names - but


def test_every_rule_and_value_map_of_an_invoice_is_named() -> None:
    for name in ("vouchers", "attachments", "payments"):
        mapping = find_mapping("basware", name, [ROOT / "include" / "mappings"])
        assert {*mapping.rules, *mapping.value_maps} <= NAMED


def test_every_field_of_the_connection_is_named() -> None:
    (form,) = (one for one in get_provider_info()["connection-types"] if one["connection-type"] == "basware")
    assert set(form["conn-fields"]) <= NAMED
