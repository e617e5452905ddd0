"""The partner files as rules of mappings."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.directory import Directory
from ml_connector.cleo.partners.rules import partner_rules, rules_of
from ml_connector.core.config import Condition, find_dataset
from ml_connector.core.mapping.conditions import compile_condition
from tests.cleo.partners.support import OPTIONS, TENANT_CONFIG, profile, tenant_in, write
from tests.cleo.partners.test_directory import PROJECT, identity

DIRECTORY = Directory(
    [
        profile(vendors=["SHARE|0000000002"], start="2026-03-01"),
        profile(
            partner="globex", vendors=["SHARE|0000000003", "OTHER|0000000003"], documents={"invoice": {}}
        ),
        profile(
            partner="initech", vendors=["SHARE|0000000004"],
            documents={"purchase_order": {}, "invoice": {"as": "json", "endpoint": "invoices"}},
        ),
        profile(partner="northwind", vendors=["SHARE|0000000005"], documents={}),
    ]
)  # fmt: skip


def holds(rule: str, dataset: str, document: dict[str, Any], directory: Directory = DIRECTORY) -> bool:
    """As a mapping asks it."""
    read = find_dataset("peoplesoft", dataset, [PROJECT / "include/mappings"])
    condition = Condition.model_validate({"rule": rule})
    return compile_condition(condition, read, rules_of(directory, TENANT_CONFIG))(document)


def order(vendor: str, day: str = "2026-05-01", setid: str = "SHARE") -> dict[str, str]:
    return {"VENDOR_SETID": setid, "VENDOR_ID": vendor, "PO_DT": day, "INVOICE_DT": day}


@pytest.mark.parametrize(
    ("document", "takes"),
    [
        (order("0000000002"), True),
        (order("0000000002", "2026-03-01"), True),
        (order("0000000002", "2026-02-28"), False),
        (order("0000000002", setid="OTHER"), False),
        (order("2"), False),
        (order("0000000003"), False),
        (order("0000000004", "2020-01-01"), True),
        (order("0000000005"), False),
        (order("0000000009"), False),
    ],
)
def test_orders_go_to_partners_that_take_them_from_their_start_on(
    document: dict[str, str], takes: bool
) -> None:
    assert holds("takes_purchase_orders", "purchase_orders", document) is takes


@pytest.mark.parametrize(
    ("document", "takes"),
    [
        (order("0000000002"), False),
        (order("0000000003"), True),
        (order("0000000003", setid="OTHER"), True),
        (order("0000000004"), True),
        (order("0000000005"), False),
    ],
)
def test_vouchers_go_to_partners_that_take_invoices(document: dict[str, str], takes: bool) -> None:
    assert holds("takes_invoices", "vouchers", document) is takes


@pytest.mark.parametrize(
    ("unit", "customer", "day", "takes"),
    [
        ("US001", "C1", "2026-05-01", True),
        ("US001", "C1", "2026-02-28", False),
        ("US002", "C1", "2026-05-01", False),
        ("US002", "C2", "2026-05-01", True),
        ("US001", "C2", "2026-05-01", False),
        ("US001", "C9", "2026-05-01", False),
    ],
)
def test_customers_are_known_by_the_setid_of_their_unit(
    unit: str, customer: str, day: str, takes: bool
) -> None:
    customers = ["SHARE|C1", "CUST2|C2", "NOBODY|C9"]
    both = Directory([profile(customers=customers, start="2026-03-01", documents={"invoice": {}})])
    tenant = TENANT_CONFIG.model_copy(update={"setid_of": {"customers": {"US002": "CUST2"}}})
    read = find_dataset("peoplesoft", "customer_invoices", [PROJECT / "include/mappings"])
    condition = Condition.model_validate({"rule": "takes_customer_invoices"})
    test = compile_condition(condition, read, rules_of(both, tenant))
    assert test({"BUSINESS_UNIT": unit, "BILL_TO_CUST_ID": customer, "INVOICE_DT": day}) is takes


def test_every_supplier_in_a_partner_file_is_a_trading_partner() -> None:
    for vendor in ("0000000002", "0000000005"):
        assert holds("trading_partner", "suppliers", {"SETID": "SHARE", "VENDOR_ID": vendor})
    assert not holds("trading_partner", "suppliers", {"SETID": "SHARE", "VENDOR_ID": "0000000009"})


def test_without_partners_nothing_goes_anywhere() -> None:
    assert rules_of(Directory([]), TENANT_CONFIG) == dict.fromkeys(
        ("takes_purchase_orders", "takes_invoices", "takes_customer_invoices", "trading_partner"), False
    )


def test_rules_are_read_from_the_tenants_files(tmp_path: Any) -> None:
    write(tmp_path, "acme")
    write(tmp_path, "globex", vendors=["SHARE|3"], identities=[identity("ZZ", "GLOBEX")], documents={})
    rules = partner_rules(tenant_in(tmp_path), OPTIONS)
    assert rules["takes_invoices"] is False
    assert isinstance(rules["takes_purchase_orders"], Condition)


def test_a_tenant_may_send_what_peoplesoft_dispatches_as_well(tmp_path: Any) -> None:
    write(tmp_path, "acme")
    taken = CleoOptions.model_validate({"purchase_orders": {"include_edx": True}})
    assert partner_rules(tenant_in(tmp_path), taken)["dispatched_by_peoplesoft"] is False
    assert "dispatched_by_peoplesoft" not in partner_rules(tenant_in(tmp_path), OPTIONS)


def test_500_partners_make_a_handful_of_comparisons() -> None:
    many = [
        profile(
            partner=f"p{number}",
            vendors=[f"SHARE|{number:010}"],
            identities=[identity("ZZ", f"P{number:05}")],
        )
        for number in range(500)
    ]
    rule = rules_of(Directory(many), TENANT_CONFIG)["takes_purchase_orders"]
    assert isinstance(rule, Condition)
    assert len(rule.any_of) == 1
