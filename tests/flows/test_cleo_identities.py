"""Who is who on envelopes: our plants, partners with several identities, and what changes on a date."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.flows.cleo import CleoWorld

FIRST, SECOND = "01:222222222", "01:222222223"


def in_days(cleo: CleoWorld, days: int) -> str:
    return (cleo.sandbox.clock.now() + timedelta(days=days)).date().isoformat()


def pass_days(cleo: CleoWorld, days: int) -> None:
    cleo.sandbox.clock.advance(days * 86400.0)


async def test_each_plant_has_its_own_identity_and_numbers(cleo: CleoWorld) -> None:
    cleo.behave(invoice="exact")
    for number in (1, 2):
        for unit in ("US001", "US002"):
            cleo.order("acme", number, unit=unit)
    await cleo.exchange()
    rows = cleo.received("850")
    assert sorted((row.sender, int(row.interchange), int(row.group)) for row in rows) == [
        ("ZZ:PSFTUS001", 1, 1), ("ZZ:PSFTUS001", 2, 2), ("ZZ:PSFTUS002", 1, 1), ("ZZ:PSFTUS002", 2, 2),
    ]  # fmt: skip
    assert all(row.key.startswith(row.sender[-5:]) for row in rows)
    made = [(row["BUSINESS_UNIT"], row["INVOICE_ID"][4:9]) for row in cleo.vouchers()]
    assert sorted(made) == [("US001", "US001")] * 2 + [("US002", "US002")] * 2
    cleo.check()


async def test_a_partner_with_two_identities_is_addressed_by_plant(cleo: CleoWorld) -> None:
    cleo.behave(response="accept", invoice="exact")
    orders = {"US001": cleo.order("northwind", 1), "US002": cleo.order("northwind", 2, unit="US002")}
    await cleo.exchange()
    where = {row.key: (row.sender, row.receiver) for row in cleo.received("850")}
    assert where == {
        orders["US001"]: ("ZZ:PSFTUS001", FIRST), orders["US002"]: ("ZZ:PSFTUS002", SECOND),
    }  # fmt: skip
    assert len(cleo.vouchers()) == 2
    assert {one.response for one in cleo.sets("850")} == {"accepted"}
    cleo.check()


async def test_a_partner_goes_over_to_another_version_on_a_date(cleo: CleoWorld) -> None:
    day = in_days(cleo, 10)
    both = [{"version": "004010"}, {"version": "005010", "from": day}]
    cleo.profile("northwind", versions=both)
    cleo.cleo("partner", partner="NORTHWIND", versions={"004010": "", "005010": day.replace("-", "")})
    cleo.behave("NORTHWIND", response="accept", invoice="exact")
    old = cleo.order("northwind", 1)
    await cleo.exchange()
    pass_days(cleo, 11)
    new = cleo.order("northwind", 2)
    cleo.edit(old, "change", line=1, quantity=12)
    cleo.edit(old, "receive", line=1, quantity=2)
    await cleo.exchange()
    versions = {(row.kind, row.key): row.version for row in cleo.received() if row.kind in ("850", "860")}
    assert versions == {("850", old): "004010", ("850", new): "005010", ("860", old): "005010"}
    assert {row.status for row in cleo.received()} == {"accepted"}
    assert [cleo.row(key).status for key in (old, new)] == ["loaded", "loaded"]
    assert {one.status for one in cleo.sets("850") + cleo.sets("860")} == {"acknowledged"}
    assert len(cleo.vouchers()) == 2
    cleo.check()


async def test_a_partner_changes_its_identity_on_a_date(cleo: CleoWorld) -> None:
    """What it answers under the old one late still finds its document."""
    day, before = in_days(cleo, 10), in_days(cleo, 9)
    cleo.profile(
        "northwind",
        versions=[{"version": "004010"}],
        identities=[
            {"qualifier": "01", "id": "222222222", "to": before},
            {"qualifier": "01", "id": "222222223", "from": day},
        ],
        acknowledgment={"hours": 1000},
    )
    cleo.cleo("partner", partner="NORTHWIND", versions={"004010": ""})
    first = cleo.order("northwind", 1)
    await cleo.out()
    pass_days(cleo, 11)
    second = cleo.order("northwind", 2)
    await cleo.out()
    cleo.settle()
    await cleo.back()
    await cleo.out()
    where = {row.key: row.receiver for row in cleo.received("850")}
    assert where == {first: FIRST, second: SECOND}
    assert [int(row.interchange) for row in cleo.received("850")] == [1, 1], "each pair counts for itself"
    told = [(one.reference, one.status) for one in cleo.sets("850")]
    assert told == [(first, "acknowledged"), (second, "acknowledged")], cleo.alerts()


async def test_units_are_each_sides_own(cleo: CleoWorld) -> None:
    cleo.behave(invoice="exact")
    orders = [
        cleo.order("acme", 1, uom="CS"),
        cleo.order("acme", 2, uom="GAL"),
        cleo.order("globex", 3, uom="BX"),
    ]
    await cleo.exchange()
    on_the_wire = [
        cleo.held_by(name, key).lines["1"].unit
        for name, key in zip(("acme", "acme", "globex"), orders, strict=True)
    ]
    assert on_the_wire == ["CA", "GA", "BX"]
    lines = {row["INVOICE_ID"]: row["lines"][0] for row in cleo.vouchers()}
    assert sorted(line["UNIT_OF_MEASURE"] for line in lines.values()) == ["BX", "CS", "GAL"]
    assert {line["QTY_VCHR"] for line in lines.values()} == {Decimal(10)}
    cleo.check()


async def test_what_comes_from_nobody_known_waits_for_a_partner_file(cleo: CleoWorld) -> None:
    cleo.cleo(
        "add-partner",
        partner="HOOLI",
        identities=[{"qualifier": "ZZ", "id": "HOOLI"}],
        versions={"004010": ""},
    )
    order = cleo.order()
    await cleo.out(tolerant=True)  # a connection that no partner file names is told
    cleo.settle()
    held = cleo.held_by("acme", order)
    partners = cleo.cleo_state.partners
    hooli = partners.by_name["HOOLI"]
    held.theirs = hooli.identities[0]
    sent = partners.send(hooli, "810", held, frozenset())
    await cleo.back()
    (alert,) = cleo.alerts()
    assert "ZZ:HOOLI" in alert
    assert cleo.vouchers() == []
    cleo.profile(
        "hooli", name="Hooli", vendors=["SHARE|0000000001"], versions=[{"version": "004010"}],
        identities=[{"qualifier": "ZZ", "id": "HOOLI"}], documents={"supplier_invoice": {}},
    )  # fmt: skip
    await cleo.back()
    cleo.settle()
    (row,) = cleo.rows("cleo.supplier_invoices").values()
    assert (row.status, row.reason.split(":")[0]) == ("held", "other_supplier")
    assert sent.acknowledged == ["A"]
