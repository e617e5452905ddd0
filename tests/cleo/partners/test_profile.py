"""What a partner file says, and the mistakes that it can hold."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ml_connector.cleo.partners.files import load_profile
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.config import InvalidFile, export_schemas
from ml_connector.core.config.yamlfile import read_yaml
from ml_connector.core.errors import Rejected
from ml_connector.x12.model import Delimiters
from tests.cleo.partners.support import profile, write

TWO_PLANTS = [
    {"qualifier": "01", "id": "222222222", "business_units": ["US001"]},
    {"qualifier": "01", "id": "222222223", "business_units": ["US002"]},
]


def test_defaults_are_those_of_most_partners() -> None:
    acme = profile()
    assert acme.delimiters.of("004010") == Delimiters("*", ">", "~", None)
    assert acme.delimiters.of("005010") == Delimiters("*", ">", "~", "^")
    assert (acme.line_end, acme.charset, acme.upper_case) == ("none", "basic", False)
    assert list(acme.takes()) == ["purchase_order"]
    assert acme.answer_within(24) == timedelta(hours=24)


def test_a_partner_has_an_identity_for_each_plant() -> None:
    northwind = profile(identities=TWO_PLANTS)
    assert northwind.identity("US001", "2026-05-01").id == "222222222"
    assert northwind.identity("US002", "2026-05-01").id == "222222223"
    with pytest.raises(Rejected, match="partner acme has no identity for business unit US003 on 2026-05-01"):
        northwind.identity("US003", "2026-05-01")


def test_identities_change_on_their_day() -> None:
    acme = profile(
        identities=[
            {"qualifier": "01", "id": "111111111", "to": "2026-06-30"},
            {"qualifier": "ZZ", "id": "NEWNAME", "from": "2026-07-01"},
            {"qualifier": "ZZ", "id": "PLANTTWO", "from": "2026-02-01", "business_units": ["US002"]},
        ]
    )
    assert acme.identity("US001", "2026-06-30").text == "01:111111111"
    assert acme.identity("US001", date(2026, 7, 1)).text == "ZZ:NEWNAME"
    assert acme.identity("US002", "2026-07-01").id == "PLANTTWO", "what names the unit goes before the rest"


def test_the_newest_of_two_open_identities_counts() -> None:
    acme = profile(
        identities=[
            {"qualifier": "01", "id": "111111111"},
            {"qualifier": "ZZ", "id": "NEW", "from": "2026-07-01"},
        ]
    )
    assert acme.identity("US001", "2026-06-30").id == "111111111"
    assert acme.identity("US001", "2026-07-01").id == "NEW"


def test_a_version_begins_on_its_day() -> None:
    acme = profile(
        versions=[{"version": "004010", "from": "2026-01-01"}, {"version": "005010", "from": "2027-01-01"}]
    )
    assert [acme.version(day).version for day in ("2026-01-01", "2026-12-31", "2027-01-01")] == [
        "004010", "004010", "005010"
    ]  # fmt: skip
    with pytest.raises(Rejected, match="no version in force on 2025-12-31"):
        acme.version("2025-12-31")


@given(
    st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    st.lists(st.dates(date(2026, 1, 1), date(2030, 1, 1)), min_size=1, max_size=4, unique=True),
)
def test_the_version_in_force_is_the_last_one_begun(day: date, starts: list[date]) -> None:
    versions = [{"version": f"004010V{number}", "from": start} for number, start in enumerate(starts)]
    acme = profile(versions=versions)
    begun = [start for start in starts if start <= day]
    if begun:
        assert acme.version(day).version == f"004010V{starts.index(max(begun))}"
    else:
        with pytest.raises(Rejected):
            acme.version(day)


def test_an_envelope_may_have_a_version_of_its_own() -> None:
    acme = profile(versions=[{"version": "004010", "isa_version": "00501"}])
    agreed = acme.version("2026-11-20")
    assert (agreed.version, agreed.isa_version) == ("004010", "00501")
    assert acme.delimiters.of("004010", "00501") == Delimiters("*", ">", "~", "^")
    assert acme.delimiters.of("004010", "00400") == Delimiters("*", ">", "~", None)
    assert profile().version("2026-11-20").isa_version is None


def test_acknowledgments_have_their_own_time_or_none() -> None:
    assert profile(acknowledgment={"hours": 4}).answer_within(24) == timedelta(hours=4)
    assert profile(acknowledgment={"expected": False}).answer_within(24) is None


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"partner": "other"}, "partner", "acme, as the file is named"),
    ({"vendors": ["0000000002"]}, "vendors.0", "a SETID and an id such as SHARE|0000000002"),
    ({"vendors": ["SHARE|1", "SHARE|1"]}, "vendors.1", "each once"),
    ({"identities": []}, "identities", "a list of at least 1"),
    ({"identities": [{"qualifier": "00", "id": "X1"}]}, "identities.0.qualifier", "I05"),
    ({"identities": [{"qualifier": "01", "id": "1234567890123456"}]}, "identities.0.id", "up to 15 capitals"),
    ({"identities": [{"qualifier": "01", "id": "12~34"}]}, "identities.0.id", "up to 15 capitals"),
    ({"identities": [{"qualifier": "01", "id": "acme"}]}, "identities.0.id", "up to 15 capitals"),
    ({"identities": [{"qualifier": "01", "id": "1"}]}, "identities.0", "a group_id"),
    ({"identities": [{"qualifier": "01", "id": "1A", "group_id": "B"}]}, "identities.0.group_id", "2 to 15"),
    (
        {"identities": [{"qualifier": "01", "id": "1A", "from": "2026-02-01", "to": "2026-01-31"}]},
        "identities.0",
        "from on or before to",
    ),
    (
        {"identities": [{"qualifier": "01", "id": "1A"}, {"qualifier": "01", "id": "1B"}]},
        "identities.1",
        "a date of its own in from",
    ),
    ({"versions": [{"version": "4010"}]}, "versions.0.version", "004010 or 005010"),
    ({"versions": [{"version": "003010"}]}, "versions.0.version", "004010 or 005010"),
    (
        {"versions": [{"version": "004010"}, {"version": "005010"}]},
        "versions.1",
        "a date of its own in from",
    ),
    (
        {"versions": [{"version": "004010", "from": "01/02/2026"}]},
        "versions.0.from",
        "a date such as 2026-01-31",
    ),
    ({"delimiters": {"element": "A"}}, "delimiters.element", "one ASCII character"),
    ({"delimiters": {"element": "||"}}, "delimiters.element", "one ASCII character"),
    ({"delimiters": {"component": "ø"}}, "delimiters.component", "one ASCII character"),
    ({"delimiters": {"component": "."}}, "delimiters.component", "one ASCII character"),
    ({"delimiters": {"element": "~"}}, "delimiters", "four different characters"),
    ({"delimiters": {"segment": "\n"}, "line_end": "LF"}, "line_end", "none"),
    ({"line_end": "CR"}, "line_end", "none, LF or CRLF"),
    ({"upper_case": "yes"}, "upper_case", "true or false"),
    ({"documents": {"order": {}}}, "documents.order", "one of invoice, purchase_order, supplier_invoice"),
    ({"documents": {"purchase_order": {"units": {"EA": "EACH"}}}}, "units.EA", "two characters such as EA"),
    ({"documents": {"purchase_order": {"require": ["REF-IA"]}}}, "require.0", "REF*IA"),
    ({"documents": {"purchase_order": {"change": "865"}}}, "change", "860"),
    (
        {"documents": {"purchase_order": {"terms": {"N30": {"percent": "2", "net_days": 30}}}}},
        "terms.N30",
        "percent and discount_days together",
    ),
    ({"documents": {"purchase_order": {"terms": {"N30": {"net_days": 1000}}}}}, "net_days", "999 or less"),
    ({"documents": {"invoice": {"endpoint": "invoices"}}}, "invoice", "as: json"),
    (
        {"documents": {"invoice": {"as": "json", "endpoint": "invoices", "folder": "upload/x"}}},
        "invoice",
        "either endpoint or folder",
    ),
    ({"documents": {"supplier_invoice": {"charges": {"FREIGHT": "freight"}}}}, "charges.FREIGHT", "D240"),
    ({"acknowledgment": {"hours": 0}}, "acknowledgment.hours", "1 or more"),
    ({"acknowledgement": {}}, "acknowledgement", "did you mean acknowledgment?"),
]


@pytest.mark.parametrize(("changed", "field", "expected"), MISTAKES, ids=[mistake[1] for mistake in MISTAKES])
def test_a_mistake_names_file_line_field_and_what_was_expected(
    tmp_path: Path, changed: dict[str, Any], field: str, expected: str
) -> None:
    path = write(tmp_path, **changed)
    if "partner" in changed:
        path = path.rename(path.with_name("acme.yaml"))
    with pytest.raises(InvalidFile) as caught:
        load_profile(path)
    problem = caught.value.problems[0]
    assert problem.file == str(path)
    assert problem.field.endswith(field)
    assert expected in problem.expected
    assert problem.line is not None
    assert len(caught.value.problems) == 1


def test_ids_and_codes_are_text_however_they_are_written(tmp_path: Path) -> None:
    text = (
        "partner: acme\nname: Acme\nvendors: [SHARE|0000000002]\n"
        "identities: [{qualifier: 01, id: 001234567, from: 2026-01-01}]\n"
        "versions: [{version: 004010}]\n"
        "documents: {purchase_order: {change: 860, terms: {30: {net_days: 30}, 00: {net_days: 0}}}}\n"
    )
    acme = load_profile(write(tmp_path, text=text))
    assert (acme.identities[0].qualifier, acme.identities[0].id) == ("01", "001234567")
    assert acme.versions[0].version == "004010"
    rules = acme.documents.purchase_order
    assert rules is not None
    assert (rules.change, sorted(rules.terms)) == ("860", ["00", "30"])


def test_editors_can_check_partner_files(tmp_path: Path) -> None:
    paths = export_schemas(tmp_path, {"partner": Profile})
    schema = json.loads((tmp_path / "partner.schema.json").read_text())
    assert tmp_path / "partner.schema.json" in paths
    check = Draft202012Validator(schema)
    demo = Path(__file__).parents[3] / "include/tenants/demo/partners"
    for path in demo.glob("*.yaml"):
        assert not list(check.iter_errors(read_yaml(path).data)), path
    wrong = read_yaml(demo / "acme.yaml").data | {"identities": [{"qualifier": "01", "id": "x" * 16}]}
    assert list(check.iter_errors(wrong))
