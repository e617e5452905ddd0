"""All kinds from PeopleSoft's queries to what P2P has taken, and the reconciliation behind them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ml_connector.core import codec
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.reconcile import reconcile
from ml_connector.core.state.schema import audit_event

from .scene import ORDER, Scene


async def test_everything_arrives_in_one_run(scene: Scene) -> None:
    results = await scene.run()
    for kind in ORDER:
        assert set(scene.statuses(kind).values()) <= {"loaded", "excluded"}, (kind, scene.rows(kind))
        assert results[kind]["reconcile"]["differences"] == {}
        assert results[kind]["reconcile"]["unexplained"] == 0
    tables = scene.sandbox.basware.counts()
    assert tables["records"] == tables["p2p"]
    assert tables["gap_violations"] == 0
    assert scene.api("lists/ACC_LIST_11")["SHARE-00100"] == {
        "externalCode": "SHARE-00100", "text_1": "00100", "text_2": "Consumables", "text_3": "Consumable",
        "companies": [{"companyCode": unit, "active": True} for unit in ("US001", "US002")],
    }  # fmt: skip
    assert scene.api("projects")["US001-000000000000101"]["companies"] == [
        {"companyCode": "US001", "active": True}
    ]


async def test_nothing_is_sent_twice(scene: Scene) -> None:
    await scene.run()
    sent = scene.calls("POST /v1") + scene.calls("POST /v2")
    await scene.run()
    assert scene.calls("POST /v1") + scene.calls("POST /v2") == sent


async def test_what_was_written_is_read_back_anew(scene: Scene) -> None:
    """Also where one target loads and reconciles: its list was made before the first create."""
    async with scene.connected("payment_terms") as ctx:
        await extract(ctx)
        await load(ctx)
        result = await reconcile(ctx)
    assert (result["checked"], result["differences"]) == (4, {})


async def test_an_account_that_ends_is_sent_whole_for_nobodys_use(scene: Scene) -> None:
    await scene.run("accounts")
    before = scene.p2p("accounts")["SHARE-641000"]
    end(scene, "account", ("SHARE", "641000"))
    await scene.run("accounts")
    after = scene.p2p("accounts")["SHARE-641000"]
    assert after["accountNames"] == before["accountNames"]
    assert [row["active"] for row in after["companies"]] == [False, False]
    assert scene.statuses("accounts")["SHARE|641000"] == "loaded"


async def test_a_vendor_waits_for_its_terms(scene: Scene) -> None:
    await scene.run("vendors")
    waiting = {key for key, status in scene.statuses("vendors").items() if status == "waiting"}
    assert waiting
    assert scene.api("vendors") == {}
    await scene.run("payment_terms")
    await scene.run("vendors")
    assert set(scene.statuses("vendors").values()) <= {"loaded", "excluded"}


async def test_a_vendor_as_basware_holds_it(scene: Scene) -> None:
    await scene.run("payment_terms", "vendors")
    vendor = scene.api("vendors")["SHARE-0000000001"]
    assert vendor["vendorCode"] == "0000000001"
    assert vendor["processingStatus"] == {"active": True, "paymentDenied": False}
    assert vendor["identifiers"] == [{"id": "11-0000001", "schemeId": "TaxId", "defaultPartyId": False}]
    (means,) = vendor["paymentMeans"]
    (account,) = means["financialAccounts"]
    assert account["financialAccountIdentifiers"] == [
        {"schemeId": "BBAN", "id": "000000000001", "currencyCode": "USD", "default": True}
    ]
    (address,) = vendor["addresses"]
    assert (address["externalCode"], address["countryId"]) == ("SHARE-0000000001-A1", "US")
    assert {"key": "Country", "value": "US"} in address["additionalAddressFields"]


async def test_a_second_ledger_takes_over_what_is_there(scene: Scene) -> None:
    foreign: list[dict[str, Any]] = []
    await scene.run("accounts")
    table = scene.sandbox.basware.store.table("accounts")
    for code in list(table.rows)[:2]:  # as if an earlier interface had made them under codes of its own
        record = table.rows[code]
        table.drop(code)
        record.code = f"old{code[-6:]}"
        record.value = dict(record.value) | {"externalCode": record.code}
        table.put(record)
        foreign.append(dict(record.value))
    scene.database = fresh(scene)
    await scene.run("accounts")
    assert {record["externalCode"] for record in foreign} <= {
        row.target_id for row in scene.rows("accounts").values()
    }
    assert len(table.rows) == len([row for row in scene.rows("accounts").values() if row.target_id])


async def test_both_sides_are_counted_by_company_and_status(scene: Scene) -> None:
    end(scene, "department", ("SHARE", "10100"))
    await scene.run("cost_centers")
    scene.sandbox.clock.advance(24 * 3600 + 1)
    end(scene, "department", ("SHARE", "10200"))
    await scene.run("cost_centers")
    (last,) = counted(scene)[-1:]
    assert last["companies"]["US001"] == last["companies"]["US002"]
    numbers = last["companies"]["US001"]
    assert numbers["inactive"] == {"ledger": 1, "basware": 1}
    assert numbers["active"]["ledger"] == numbers["active"]["basware"] > 5


def counted(scene: Scene) -> list[dict[str, Any]]:
    """What the trail holds of counts."""
    statement = select(audit_event.c.data).where(audit_event.c.kind == "counted").order_by(audit_event.c.at)
    with scene.store() as store, store.read() as connection:
        return [codec.decode(data) for data in connection.scalars(statement)]


def end(scene: Scene, table: str, key: tuple[str, ...]) -> None:
    """Make something inactive in PeopleSoft."""
    record = scene.sandbox.peoplesoft.tables[table].get(key)
    assert record is not None
    today = scene.sandbox.peoplesoft.today()
    record["rows"].append(record["rows"][-1] | {"EFFDT": today, "EFF_STATUS": "I"})


def fresh(scene: Scene) -> Any:
    """A ledger that knows nothing."""
    from ml_connector.core.state.database import Database
    from ml_connector.core.state.migrate import migrate

    url = str(scene.database.engine.url.database) + ".second"
    database = Database(f"sqlite:///{url}")
    migrate(database)
    scene.database.close()
    return database
