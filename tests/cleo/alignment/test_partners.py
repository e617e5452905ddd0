"""Suppliers that are trading partners: the vendor file, the crosswalk, and their connections."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from ml_connector.cleo.alignment.following import follow
from ml_connector.cleo.partners.directory import Directory
from ml_connector.core.errors import ConnectorError, InDoubt, Unavailable
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.stages.reconcile import Unreconciled
from ml_connector.core.state.exchange_schema import interchange
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store
from tests.cleo.alignment.support import Run, connection, fake_cleo, supplier
from tests.cleo.fake import said
from tests.cleo.partners.support import TENANT_CONFIG, profile

ACME, TWIN, GLOBEX, INITECH = (f"SHARE|{number:010}" for number in (2, 12, 3, 4))


@pytest.fixture
def run(state: Store) -> Run:
    made = Run(state, fake_cleo())
    made.source.put(*(supplier(number) for number in (2, 3, 4, 12, 99)))
    return made


async def test_one_file_says_what_changed_and_the_crosswalk_names_the_partner(run: Run) -> None:
    result = await run.all()
    assert result["unexplained"] == 0
    ((name, file),) = run.files().items()
    assert name == "vendors_demo_000000001.json"
    assert {key: file[key] for key in ("format", "version", "tenant", "environment", "sequence")} == {
        "format": "ml-connector.vendors", "version": 1, "tenant": "demo", "environment": "test",
        "sequence": 1,
    }  # fmt: skip
    assert [vendor["vendor"] for vendor in file["vendors"]] == [ACME, GLOBEX, INITECH, TWIN]
    assert file["vendors"][0] == {
        "vendor": ACME, "setid": "SHARE", "vendor_id": "0000000002", "short_name": "V2", "name": "Supplier 2",
        "status": "active", "partner": "acme", "connection": "ACME", "currency": "USD", "terms": "N30",
        "address": {
            "line1": "1 Main St", "city": "Springfield", "state": "IL", "postal": "62701", "country": "USA"
        },
    }  # fmt: skip
    assert run.crosswalk() == {ACME: "acme", TWIN: "acme", GLOBEX: "globex", INITECH: "initech"}


async def test_a_run_without_changes_sends_nothing(run: Run) -> None:
    await run.all()
    await run.all()
    assert len(run.files()) == 1


async def test_only_what_changed_goes_into_the_next_file(run: Run) -> None:
    await run.all()
    run.source.put(supplier(3, NAME1="Globex Renamed"), supplier(4, VENDOR_STATUS="I"))
    await run.all()
    later = [file for file in run.files().values() if file["sequence"] > 1]
    told = {vendor["vendor"]: vendor["status"] for file in later for vendor in file["vendors"]}
    assert told == {GLOBEX: "active", INITECH: "inactive"}
    assert run.crosswalk() == {ACME: "acme", TWIN: "acme", GLOBEX: "globex"}, "orders of an inactive one wait"


async def test_a_supplier_that_is_no_partner_goes_nowhere(run: Run) -> None:
    await run.all()
    assert run.statuses()["SHARE|0000000099"][0] == "excluded"


# ---- connections


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (None, "Cleo has no connection GLOBEX, which partner globex's file names"),
        (connection("GLOBEX", enabled=False), "connection GLOBEX is disabled in Cleo"),
        (
            connection("GLOBEX", ready=False, notReadyReason="Server Address is required."),
            "connection GLOBEX is not ready in Cleo (Server Address is required.)",
        ),
    ],
)
async def test_a_supplier_waits_for_its_connection_and_goes_on_by_itself(
    run: Run, there: dict[str, Any] | None, words: str
) -> None:
    run.fake.connections = [connection("ACME"), *([there] if there else [])]
    counts = await run.load()
    assert any(words in alert for alert in counts["alerts"])
    status, reason = run.statuses()[GLOBEX]
    assert status == "accepted"
    assert words in str(reason)
    assert GLOBEX not in run.crosswalk()
    run.fake.connections = [connection("ACME"), connection("GLOBEX")]
    await run.all()
    assert run.statuses()[GLOBEX][0] == "loaded"
    assert run.crosswalk()[GLOBEX] == "globex"
    assert len(run.files()) == 1, "the file had told Cleo's side already"


async def test_a_tenant_whose_user_sees_no_connections_goes_on_without(run: Run) -> None:
    run.fake.fault("GET /api/connections", said("Forbidden", 403), times=None)
    assert (await run.all())["unexplained"] == 0
    assert run.crosswalk()[GLOBEX] == "globex"


async def test_connections_are_not_asked_for_where_they_are_not_to_be_checked(run: Run) -> None:
    run.options = {"check_connections": False}
    run.fake.connections = []
    await run.all()
    assert run.crosswalk()[GLOBEX] == "globex"
    assert run.fake.calls("GET /api/connections") == 0


async def test_a_connection_that_is_switched_off_later_is_drift_until_it_is_back(run: Run) -> None:
    await run.all()
    run.fake.connections[1] = connection("GLOBEX", enabled=False)
    with pytest.raises(Unreconciled, match="changed Supplier 3"):
        await run.all()
    assert run.statuses()[GLOBEX] == ("drifted", "changed in the target: state")
    run.fake.connections[1] = connection("GLOBEX")
    await run.all()
    assert run.statuses()[GLOBEX][0] == "loaded"


async def test_a_connection_that_is_gone_is_told(run: Run) -> None:
    await run.all()
    run.fake.connections.pop()
    with pytest.raises(Unreconciled, match="missing Supplier 3"):
        await run.all()


async def test_a_connection_without_a_supplier_is_told_once(run: Run) -> None:
    run.fake.connections.append(connection("UMBRELLA", type="sftp"))
    with pytest.raises(Unreconciled, match=r"surplus UMBRELLA \(sftp\)"):
        await run.all()
    assert (await run.all())["unexplained"] == 0


async def test_an_inactive_supplier_whose_connection_is_still_open_is_told(run: Run) -> None:
    await run.all()
    run.source.put(supplier(3, VENDOR_STATUS="I"))
    with pytest.raises(Unreconciled, match="changed Supplier 3"):
        await run.all()
    run.fake.connections[1] = connection("GLOBEX", enabled=False)
    await run.all()
    assert run.statuses()[GLOBEX][0] == "loaded"


async def test_one_of_two_suppliers_of_a_partner_may_be_inactive(run: Run) -> None:
    await run.all()
    run.source.put(supplier(12, VENDOR_STATUS="I"))
    assert (await run.all())["unexplained"] == 0
    assert run.crosswalk()[ACME] == "acme"
    assert TWIN not in run.crosswalk()


# ---- what breaks off


def expire(store: Store) -> None:
    """The claims of a task that died have run out, and its upload left a while ago."""
    with store.write() as tx:
        ended = store.now() - timedelta(hours=1)
        sending = document.c.status == "sending"
        tx.connection.execute(update(document).where(sending).values(lease_until=ended, sent_at=ended))


def interchanges(store: Store) -> list[tuple[str, str]]:
    with store.read() as found:
        rows = found.execute(select(interchange.c.file_name, interchange.c.status).order_by(interchange.c.id))
        return [tuple(row) for row in rows]


async def test_an_upload_whose_answer_is_lost_is_not_made_again(run: Run) -> None:
    lost = InDoubt("the connection was reset")
    run.fake.fault("POST /api/folders/.*/contents", lost, after=True)
    await broken(run)
    first = dict(run.fake.files)
    expire(run.store)
    await run.all()
    assert run.fake.files == first
    assert run.crosswalk()[ACME] == "acme"
    assert interchanges(run.store) == [("vendors_demo_000000001.json", "uploaded")]


async def test_an_upload_that_never_arrived_is_made_again_with_the_same_bytes(run: Run) -> None:
    run.fake.fault("POST /api/folders/.*/contents", InDoubt("the connection was reset"))
    await broken(run)
    assert run.files() == {}
    with run.store.read() as found:
        (number,) = found.scalars(select(interchange.c.id))
    kept = outbound.content(run.store, number)
    run.source.put(supplier(50))  # something else is going on meanwhile
    expire(run.store)
    await run.all()
    assert run.fake.files == {"upload/vendor/vendors_demo_000000001.json": kept}
    assert interchanges(run.store) == [("vendors_demo_000000001.json", "uploaded")]


async def test_a_file_that_could_not_leave_goes_first_and_unchanged(run: Run) -> None:
    run.fake.fault("POST /api/folders/.*/contents", Unavailable("maintenance"), times=None)
    await broken(run)
    assert {status for status, _ in run.statuses().values()} == {"ready", "excluded"}
    ((name, _),) = interchanges(run.store)
    run.fake.faults.clear()
    run.source.put(supplier(3, NAME1="Globex Renamed"))
    await run.all()
    first, second = run.files().items()
    assert first[0] == name
    assert [vendor["name"] for vendor in first[1]["vendors"]][1] == "Supplier 3"
    assert [vendor["name"] for vendor in second[1]["vendors"]] == ["Globex Renamed"]


async def test_a_mailbox_that_does_not_show_its_uploads_gets_the_same_file_again(run: Run) -> None:
    run.fake.fault("POST /api/folders/.*/contents", InDoubt("the connection was reset"))
    await broken(run)
    run.fake.fault("GET /api/folders/upload--vendor/contents", said("Forbidden", 403), times=None)
    expire(run.store)
    await run.load()
    assert list(run.files()) == ["vendors_demo_000000001.json"]
    assert run.crosswalk()[ACME] == "acme"


async def test_a_refused_file_is_tried_again(run: Run) -> None:
    run.fake.fault("POST /api/folders/.*/contents", said("File type not allowed.", 415))
    await run.load()
    status, reason = run.statuses()[ACME]
    assert status == "failed"
    assert "Cleo does not take vendors_demo_000000001.json" in str(reason)


async def test_another_file_of_that_name_is_for_a_person(run: Run) -> None:
    run.fake.files["upload/vendor/vendors_demo_000000001.json"] = b"{}"
    await run.load()
    assert "holds a file vendors_demo_000000001.json" in str(run.statuses()[ACME][1])
    assert run.fake.files["upload/vendor/vendors_demo_000000001.json"] == b"{}"


async def broken(run: Run) -> None:
    """A run whose upload breaks off."""
    with contextlib.suppress(ConnectorError):
        await run.load()
    assert {run.statuses()[key][0] for key in (ACME, GLOBEX)} <= {"sending", "ready"}


async def test_a_file_whose_suppliers_all_changed_meanwhile_goes_first(run: Run) -> None:
    """Files are taken in by their numbers: one that is missing would stop Cleo's side."""
    run.fake.fault("POST /api/folders/.*/contents", said("File type not allowed", 415))
    await run.load()
    run.source.put(*(supplier(number, NAME1=f"Renamed {number}") for number in (2, 3, 4, 12)))
    await run.all()
    assert sorted(file["sequence"] for file in run.files().values()) == [1, 2]
    assert {vendor["name"] for vendor in run.files()["vendors_demo_000000002.json"]["vendors"]} == {
        "Renamed 2", "Renamed 3", "Renamed 4", "Renamed 12",
    }  # fmt: skip


async def test_a_supplier_follows_the_file_that_names_it(run: Run) -> None:
    await run.all()
    assert run.crosswalk()[GLOBEX] == "globex"
    files = Directory(
        [
            profile(connection="ACME", vendors=[ACME, TWIN]),
            profile(
                partner="initech",
                vendors=[GLOBEX, INITECH],
                identities=[{"qualifier": "ZZ", "id": "INITECH"}],
            ),
        ]
    )
    assert follow(run.store, TENANT_CONFIG, files, "cleo.partners") == 1
    assert follow(run.store, TENANT_CONFIG, files, "cleo.partners") == 0
    assert run.crosswalk() == {ACME: "acme", TWIN: "acme", GLOBEX: "initech", INITECH: "initech"}
    run.directory = files
    with pytest.raises(Unreconciled, match="GLOBEX"):  # its connection is nobody's now
        await run.all()
    assert run.statuses()[GLOBEX][0] == "loaded"
