"""Finding and reading files, and what depends on more than one of them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from ml_connector.core.config import (
    InvalidFile,
    Settings,
    check_integration,
    check_overrides,
    export_schemas,
    find_dataset,
    find_mapping,
    fingerprint,
    load_dataset,
    load_mapping,
    load_tenant,
    load_tenants,
)
from ml_connector.core.config.tenant import FlowSettings
from ml_connector.core.errors import ConfigurationError

from .support import DATASET, MAPPING, TENANT, write


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    organization: str = "none"
    limit: int = 3


def test_a_tenant_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    tenant = load_tenant(write(tmp_path, "demo.yaml", TENANT))
    assert tenant.start == date(2026, 1, 1)
    assert tenant.setids == ("SHARE", "00001")
    assert tenant.value_maps == {"payment_terms": {"N30": "000123"}}
    bill = tenant.integrations["bill"]
    assert (bill.enabled, bill.schedule, bill.deadline) == (True, "*/15 * * * *", timedelta(hours=2))
    accounts = bill.flow("accounts")
    assert (accounts.every, accounts.max_changes.percent, accounts.enabled) == (timedelta(days=1), 10, None)
    assert bill.flow("vendors") == FlowSettings()
    assert tenant.flow("bill.bills").attempts == 3
    assert dict(tenant.switches()) == {"bill.bills": False}


def test_the_setid_of_a_business_unit_is_that_of_the_record_group_or_the_first(tmp_path: Path) -> None:
    tenant = load_tenant(write(tmp_path, "demo.yaml", TENANT))
    assert tenant.setid("gl_accounts", "US002") == "00001"
    assert tenant.setid("departments", "US002") == "SHARE"
    assert tenant.setid("gl_accounts", "SHARE") == "SHARE"


def test_a_broken_tenant_file_does_not_keep_the_others_away(tmp_path: Path) -> None:
    write(tmp_path, "demo.yaml", TENANT)
    write(tmp_path, "broken.yaml", "tenant: [")
    write(tmp_path, "second.yml", TENANT.replace("tenant: demo", "tenant: second"))
    write(tmp_path, ".hidden.yaml", "not: read")
    write(tmp_path, "README.md", "not read")
    files = load_tenants(tmp_path)
    assert [file.name for file in files] == ["broken", "demo", "second"]
    assert files[0].tenant is None
    assert files[0].error is not None
    assert [file.tenant.tenant for file in files if file.tenant] == ["demo", "second"]


def test_a_missing_tenants_directory_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_tenants(tmp_path / "nowhere")


def test_the_customers_file_wins_over_the_shipped_one(tmp_path: Path) -> None:
    write(tmp_path, "shipped/bill/bills.yaml", MAPPING)
    write(tmp_path, "shipped/peoplesoft/vouchers.yaml", DATASET)
    write(tmp_path, "own/bill/bills.yaml", MAPPING.replace("label:", "description: ours\nlabel:"))
    paths = [tmp_path / "own", tmp_path / "shipped"]
    assert find_mapping("bill", "bills", paths).description == "ours"
    assert find_dataset("peoplesoft", "vouchers", paths).description is None


def test_a_file_that_is_nowhere_is_told_with_the_places_searched(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no mapping file for bill bills.*own.*bills\.yaml"):
        find_mapping("bill", "bills", [tmp_path / "own", tmp_path / "shipped"])


def test_options_are_read_by_the_systems_own_model(tmp_path: Path) -> None:
    text = TENANT.replace("    deadline: 2h\n", "    options: {organization: 008ABC}\n")
    tenant = load_tenant(write(tmp_path, "demo.yaml", text))
    options = check_integration(tenant, "bill", flows=["accounts", "bills"], options=Options)
    assert options == Options(organization="008ABC")
    plain = load_tenant(write(tmp_path, "demo.yaml", TENANT))
    assert check_integration(plain, "bill", flows=["accounts", "bills"], options=Options) == Options()


def test_mistakes_of_an_integration_are_told_together(tmp_path: Path) -> None:
    text = TENANT.replace("    deadline: 2h\n", "    options: {limit: many, color: red}\n")
    tenant = load_tenant(write(tmp_path, "demo.yaml", text.replace("peoplesoft: demo__peoplesoft, ", "")))
    with pytest.raises(InvalidFile) as caught:
        check_integration(tenant, "bill", flows=["accounts"], options=Options)
    told = [(problem.line, problem.field, problem.expected) for problem in caught.value.problems]
    assert told == [
        (5, "connections", "an entry peoplesoft"),
        (21, "integrations.bill.options.limit", "a whole number"),
        (21, "integrations.bill.options.color", "one of limit, organization"),
        (24, "integrations.bill.flows.bills", "one of accounts"),
    ]


def test_overrides_of_a_tenant_must_exist(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path, "peoplesoft/vouchers.yaml", DATASET))
    mapping = load_mapping(write(tmp_path, "bill/bills.yaml", MAPPING))
    text = TENANT.replace("bill_pays:", "bill_payz:").replace("gl_accounts:", "accounts:")
    tenant = load_tenant(write(tmp_path, "demo.yaml", text.replace("vouchers.changes", "vouchers.full")))
    with pytest.raises(InvalidFile) as caught:
        check_overrides(tenant, [mapping], [dataset])
    told = [(problem.line, problem.field, problem.expected) for problem in caught.value.problems]
    assert told == [
        (9, "setid_of.accounts", "one of gl_accounts"),
        (10, "queries.vouchers.full", "one of vouchers.by_key, vouchers.changes"),
        (12, "value_maps.payment_terms", "one of entry"),
        (14, "rules.bill_payz", "one of bill_pays"),
    ]


def test_a_sites_own_query_names_replace_the_shipped_ones(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path, "peoplesoft/vouchers.yaml", DATASET))
    own = dataset.for_tenant(load_tenant(write(tmp_path, "demo.yaml", TENANT)))
    assert own.queries.changes is not None
    assert own.queries.changes.name == "Z_OUR_VOUCHERS"
    assert own.queries.changes.prompts == {
        "BU": "unit", "FROM": "since", "THRU": "until", "AFTER": "after.VOUCHER_ID",
    }  # fmt: skip
    assert own.queries.by_key == dataset.queries.by_key


def test_the_fingerprint_changes_with_what_decides_the_result_and_with_nothing_else(tmp_path: Path) -> None:
    def of(mapping: str = MAPPING, dataset: str = DATASET, tenant: str = TENANT) -> str:
        return fingerprint(
            load_mapping(write(tmp_path, "bill/bills.yaml", mapping)),
            load_dataset(write(tmp_path, "peoplesoft/vouchers.yaml", dataset)),
            load_tenant(write(tmp_path, "demo.yaml", tenant)),
        )

    first = of()
    assert first == of()
    assert first == of(mapping=MAPPING.replace("label:", "description: text\nlabel:"))
    assert first == of(dataset=DATASET.replace("full_every: 7d", "full_every: 1d"))
    assert first == of(tenant=TENANT.replace("*/15", "*/5"))
    different = {
        of(mapping=MAPPING.replace("P: postable", "P: posted")),
        of(mapping=MAPPING.replace("max_length: 100", "max_length: 99")),
        of(dataset=DATASET.replace("{type: amount, optional", "{type: decimal, optional")),
        of(dataset=DATASET.replace("select: {ENTRY_STATUS: [P]}", "select: {ENTRY_STATUS: [X]}")),
        of(tenant=TENANT.replace("[ACH]", "[CHK]")),
        of(tenant=TENANT.replace("000123", "000124")),
        of(tenant=TENANT.replace("US002: 00001", "US002: SHARE")),
        of(tenant=TENANT.replace("bills: {enabled: false", "bills: {enabled: true")),
    }
    assert len(different) == 8
    assert first not in different


def test_settings_do_not_show_their_secrets() -> None:
    settings = Settings(Path("t"), (Path("m"),), "postgresql://u:pw@h/db", ("key1",))
    assert "pw" not in repr(settings)
    assert "key1" not in repr(settings)


def test_schemas_are_written_for_the_three_kinds(tmp_path: Path) -> None:
    written = export_schemas(tmp_path / "schemas")
    assert [path.name for path in written] == [
        "tenant.schema.json", "dataset.schema.json", "mapping.schema.json",
    ]  # fmt: skip
    schema = json.loads(written[0].read_text())
    assert schema["additionalProperties"] is False
    assert schema["properties"]["tenant"]["pattern"] == "^(?:[a-z][a-z0-9_]{0,62})$"
    flow = schema["$defs"]["Integration"]["properties"]["deadline"]["anyOf"][0]
    assert flow["pattern"] == "^[1-9][0-9]{0,5}[smhdw]$"
