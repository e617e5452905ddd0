"""What people do: asked before, done in their name, told afterwards, and as the command line does it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select, update

from ml_connector.console.actions import ACTIONS
from ml_connector.core.contract import Intent, Outcome
from ml_connector.core.ledger import actions, crosswalks
from ml_connector.core.ledger.scope import Scope, Status
from ml_connector.core.state.schema import audit_chain, audit_event, crosswalk, document, flow_state
from tests.console.conftest import Browser, Site
from tests.core.stages.support import order

REFUSED = "US001|000003"


def address(action: str, *keys: str, **more: str) -> str:
    pairs = [("tenant", "acme"), ("flow", "shop.orders"), *(("key", key) for key in keys), *more.items()]
    return f"/actions/{action}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)


def row_of(site: Site, key: str) -> Any:
    with site.store() as store, store.read() as connection:
        return connection.execute(select(document).where(document.c.key == key)).one()


def happened(site: Site) -> list[tuple[str, str]]:
    """Actor and kind of every event that a person made."""
    opened = (audit_chain.c.chain == audit_event.c.chain) & (audit_chain.c.kind == "open")
    statement = select(audit_chain.c.actor, audit_event.c.kind).join_from(audit_event, audit_chain, opened)
    with site.store() as store, store.read() as connection:
        rows = connection.execute(statement.where(audit_chain.c.actor.like("console:%"))).all()
    return [tuple(row) for row in rows]


def put(site: Site, key: str, **values: Any) -> None:
    with site.store() as store, store.write() as tx:
        tx.connection.execute(update(document).where(document.c.key == key).values(values))


def test_replay(moved: Site, operator: Browser) -> None:
    asked = operator.get(address("replay", REFUSED))
    assert "far too long" in asked.words
    assert "1 document" in asked.words
    assert "What was rejected is mapped again." in asked.words
    assert "drifted" not in asked.words
    assert happened(moved) == []
    done = operator.confirm(address("replay", REFUSED))
    assert done.status == 303
    page = operator.get(done.headers["location"].removeprefix("/ml-connector"))
    assert "The document will go its way again. The DAG's next run does the work" in page.words
    assert happened(moved) == [("console:otto", "replayed")]
    moved.source.put(order(3, NAME="short enough", CHANGED="2026-11-02"))
    moved.run()
    assert row_of(moved, REFUSED).status == "loaded"
    page = operator.get(f"/documents/acme/shop.orders/{REFUSED}")
    assert "Replayed by console:otto" in page.words


def test_replay_of_what_moved_on_meanwhile_changes_nothing(moved: Site, operator: Browser) -> None:
    fields = operator.form(address("replay", REFUSED))
    put(moved, REFUSED, status="excluded")
    done = operator.post("/actions/replay", fields)
    assert "Nothing was changed" in operator.get(done.headers["location"].removeprefix("/ml-connector")).words


def test_replay_of_several_and_of_a_whole_state(moved: Site, operator: Browser) -> None:
    moved.source.put(order(4, NAME="this one is far too long as well"))
    moved.run()
    keys = (REFUSED, "US001|000004")
    assert "2 documents" in operator.get(address("replay", *keys)).words
    done = operator.confirm(address("replay", *keys))
    assert "2 documents will go their way again" in operator.get(done.headers["location"][13:]).words
    assert "2 documents" in operator.get(address("replay", status="rejected")).words
    done = operator.confirm(address("replay", status="rejected"))
    assert done.headers["location"].startswith("/ml-connector/search?done=replay&count=2")
    assert happened(moved) == [("console:otto", "replayed")] * 4


def test_nothing_chosen(moved: Site, operator: Browser) -> None:
    page = operator.confirm(address("replay"))
    assert page.status == 409
    assert "nothing was chosen" in page.words
    assert happened(moved) == []


@pytest.mark.parametrize("status", ["lost", "rejected,lost"])
def test_an_unknown_state(moved: Site, operator: Browser, status: str) -> None:
    assert operator.get(address("replay", status=status)).status == 409


def test_an_unknown_action(moved: Site, operator: Browser) -> None:
    assert operator.get(address("destroy")).status == 404
    assert operator.get("/actions/replay?tenant=acme").status == 400


def held(site: Site) -> None:
    def outcome(intent: Intent) -> Outcome | None:
        return Outcome(intent.key, "held", reason="approve first") if intent.key.endswith("5") else None

    site.target.outcome = outcome
    site.source.put(order(5))
    site.run()


def test_release(moved: Site, operator: Browser) -> None:
    held(moved)
    key = "US001|000005"
    assert "Release" in operator.get(f"/documents/acme/shop.orders/{key}").words
    assert operator.confirm(address("release", key)).status == 303
    assert row_of(moved, key).status == "ready"
    assert happened(moved) == [("console:otto", "released")]


def test_what_the_mapping_holds_cannot_be_released(moved: Site, operator: Browser) -> None:
    put(moved, REFUSED, status="held", reason="by the mapping", staged_hash=None)
    assert "/actions/release" not in operator.get(f"/documents/acme/shop.orders/{REFUSED}").text
    page = operator.confirm(address("release", REFUSED))
    assert page.status == 409
    assert "held by the mapping" in page.words
    assert happened(moved) == []


@pytest.fixture
def conflict(moved: Site) -> str:
    """A document whose number stands in the shop already, with another amount."""
    moved.target.objects["T9000"] = {"number": "000009", "name": "by hand", "amount": order(9)["AMOUNT"] + 1}
    moved.source.put(order(9))

    def outcome(intent: Intent) -> Outcome | None:
        taken = "T9000" if intent.key.endswith("9") and intent.target_id is None else None
        return Outcome(intent.key, "conflict", target_id=taken, reason="typed by hand") if taken else None

    moved.target.outcome = outcome
    moved.run()
    assert row_of(moved, "US001|000009").status == "conflict"
    return "US001|000009"


def test_adopt(moved: Site, operator: Browser, conflict: str) -> None:
    story = operator.get(f"/documents/acme/shop.orders/{conflict}")
    assert "In conflict with T9000" in story.words
    assert operator.form(address("adopt", conflict))["target_id"] == "T9000"
    assert operator.confirm(address("adopt", conflict)).status == 303
    assert (row_of(moved, conflict).status, row_of(moved, conflict).target_id) == ("ready", "T9000")
    moved.run()
    assert moved.target.objects["T9000"]["amount"] == order(9)["AMOUNT"]
    assert happened(moved) == [("console:otto", "adopted by hand")]


def test_an_object_of_another_document_cannot_be_adopted(
    moved: Site, operator: Browser, conflict: str
) -> None:
    page = operator.confirm(address("adopt", conflict), target_id="T0001")
    assert page.status == 409
    assert "already belongs to document US001|000001" in page.words
    assert operator.confirm(address("adopt", conflict), target_id=" ").status == 409
    assert happened(moved) == []


def test_create_another_one(moved: Site, operator: Browser, conflict: str) -> None:
    assert operator.confirm(address("create", conflict)).status == 303
    row = row_of(moved, conflict)
    assert (row.status, row.target_id, row.conflict_id) == ("sending", None, None)
    assert happened(moved) == [("console:otto", "to be created anew")]


def test_mass_changes_and_columns(moved: Site, operator: Browser) -> None:
    with moved.store() as store, store.write() as tx:
        from ml_connector.core.ledger import flows

        flows.put(tx, Scope("acme", "test", "shop.orders"), stopped_reason="too many <updates>")
    put(moved, "US001|000001", status="ready", since=row_of(moved, "US001|000001").since)
    page = operator.get("/")
    assert "Stopped. too many <updates>" in page.words
    assert "Let the changes pass" in page.words
    done = operator.confirm(address("confirm-changes"))
    assert "One update or removal may pass the guard" in operator.get(done.headers["location"][13:]).words
    with moved.store() as store, store.read() as connection:
        state = connection.execute(select(flow_state).where(flow_state.c.flow == "shop.orders")).one()
    assert (state.confirmed_changes, state.stopped_reason) == (1, None)
    assert operator.confirm(address("accept-columns")).status == 303
    assert happened(moved) == [("console:otto", "changes confirmed"), ("console:otto", "columns forgotten")]


def entry(site: Site, key: str) -> Any:
    statement = select(crosswalk).where(crosswalk.c.name == "shop.parties", crosswalk.c.key == key)
    with site.store() as store, store.read() as connection:
        return connection.execute(statement).first()


def parties(action: str, *keys: str) -> str:
    return address(action, *keys).replace("flow=shop.orders", "flow=shop.parties")


def test_a_crosswalk_entry_is_set_changed_and_removed(moved: Site, operator: Browser) -> None:
    moved.source.put(order(7, PARTY="P7"))
    moved.run()
    assert row_of(moved, "US001|000007").status == "waiting"
    assert operator.confirm(parties("crosswalk-set", "P7"), target_id=" 77 ").status == 303
    assert (entry(moved, "P7").target_id, entry(moved, "P7").origin) == ("77", "manual")
    moved.run()
    assert moved.target.objects["T0003"]["partyId"] == "77"
    assert operator.form(parties("crosswalk-set", "P7"))["target_id"] == "77"
    with moved.store() as store, store.write() as tx:
        tx.connection.execute(update(crosswalk).where(crosswalk.c.key == "P7").values(label="Party 7"))
    operator.confirm(parties("crosswalk-set", "P7"), target_id="78")
    assert (entry(moved, "P7").target_id, entry(moved, "P7").label) == ("78", "Party 7")
    done = operator.confirm(parties("crosswalk-remove", "P7"))
    assert "The entry is gone" in operator.get(done.headers["location"][13:]).words
    assert entry(moved, "P7") is None
    assert [kind for _, kind in happened(moved)] == ["crosswalk set", "crosswalk set", "crosswalk removed"]


def test_a_new_entry_asks_for_its_key(moved: Site, operator: Browser) -> None:
    page = operator.get(parties("crosswalk-set"))
    assert 'name="key" required' in page.text
    assert operator.confirm(parties("crosswalk-set"), key="P8", target_id="88").status == 303
    assert entry(moved, "P8").target_id == "88"
    assert operator.confirm(parties("crosswalk-set"), key=[], target_id="88").status == 409
    for wrong in ("", "x" * 513):
        assert operator.confirm(parties("crosswalk-set"), key=wrong, target_id="88").status == 400


def test_a_crosswalk_of_no_system_of_ours_is_refused(moved: Site, operator: Browser) -> None:
    path = address("crosswalk-set", "K").replace("shop.orders", "nobody.things")
    assert operator.get(path).status == 403


def test_every_action_is_the_commands_own() -> None:
    """The same functions of the core, so that the same rules hold."""
    assert set(ACTIONS) == {
        "replay", "release", "adopt", "create", "confirm-changes", "accept-columns", "crosswalk-set",
        "crosswalk-remove",
    }  # fmt: skip
    offered = {status for status in Status if any(a.applies(Row(status)) for a in ACTIONS.values())}
    assert offered == set(actions.REPLAYABLE)
    assert callable(crosswalks.set_by_hand)


class Row:
    """As much of a row as an action looks at."""

    staged_hash = "x"

    def __init__(self, status: Status) -> None:
        self.status = status
