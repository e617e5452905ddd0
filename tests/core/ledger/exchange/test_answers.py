"""Acknowledgments and responses: which set they are about, repeated, contradicting, late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ml_connector.core.ledger.exchange import answers, outbound
from ml_connector.core.ledger.exchange.outbound import Exchange
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store
from tests.core.ledger.exchange.support import ACME, NOON, Clock, again, build, events, sent

SWAPPED = {"sender": ACME.receiver, "receiver": ACME.sender}


def group(store: Store, number: int = 1, /, **changed: str) -> list[Exchange]:
    names: dict[str, object] = {"sender": ACME.sender, "receiver": ACME.receiver, "group_code": "PO"}
    with store.read() as connection:
        return answers.of_group(connection, store, "demo", **(names | {"group_number": number} | changed))  # type: ignore[arg-type]


def acknowledge(store: Store, one: Exchange, status: str, reason: str | None = None) -> str:
    with store.write() as tx:
        return answers.acknowledge(tx, one.set_id, status, reason, {"code": status[0].upper()})


# ---- which set


def test_a_group_is_found_by_its_identities_and_number(store: Store) -> None:
    one = sent(store)
    sent(store, 8)
    assert group(store) == [one]
    assert group(store, 3) == []
    assert group(store, group_code="IN") == []


def test_a_number_that_was_used_again_means_the_newest_group(store: Store) -> None:
    sent(store, 7, group_number=900)
    newest = sent(store, 8, group_number=900)
    assert group(store, 900) == [newest]


def test_an_answer_with_other_identities_means_the_partners_only_group_of_that_number(store: Store) -> None:
    one = sent(store)
    assert group(store, **SWAPPED) == []
    assert group(store, **SWAPPED, partner="globex") == []
    assert group(store, **SWAPPED, partner="acme") == [one]
    acknowledge(store, one, "acknowledged")
    assert [one.set_id for one in group(store, **SWAPPED, partner="acme")] == [one.set_id], "it came again"


@pytest.mark.parametrize("answered", [False, True])
def test_two_groups_with_one_number_are_not_guessed_between(store: Store, answered: bool) -> None:
    first = sent(store, 7, group_number=900)
    if answered:  # a second answer to it must not settle the other one
        acknowledge(store, first, "acknowledged")
    sent(store, 8, group_number=900, address=replace(ACME, sender="ZZ:PSFTUS002"))
    assert group(store, 900, **SWAPPED, partner="acme") == []


def test_an_interchange_is_found_by_its_number(store: Store) -> None:
    one = sent(store)
    with store.read() as connection:
        names = {"sender": ACME.sender, "receiver": ACME.receiver}
        assert answers.of_interchange(connection, store, "demo", **names, number=1) == [one]
        assert answers.of_interchange(connection, store, "demo", **names, number=2) == []


def test_a_reference_finds_all_revisions_newest_first(store: Store) -> None:
    first, second = sent(store), sent(store, set_code="860")
    with store.read() as connection:
        names = {"partner": "acme", "reference": "US001-7"}
        found = answers.of_reference(connection, store, "demo", **names, set_codes=["850", "860"])
        assert found == [second, first]
        assert answers.of_reference(connection, store, "demo", **names, set_codes=["850"]) == [first]


# ---- acknowledgments


@pytest.mark.parametrize("status", ["acknowledged", "acknowledged_with_errors", "rejected", "unclear"])
def test_a_first_answer_is_new_and_an_equal_one_changes_nothing(database: Database, status: str) -> None:
    clock = Clock()
    with Store(database, clock=clock) as store:
        one = sent(store)
        assert acknowledge(store, one, status, "segment 3") == "new"
        after = again(store, one)
        assert (after.set_status, after.set_reason) == (status, "segment 3")
        assert after.data == {"acknowledgment": {"code": status[0].upper()}}
        clock.move(timedelta(hours=1))
        assert acknowledge(store, one, status, "segment 3") == "repeated"
        assert again(store, one) == after
        assert len(events(store, "acknowledged")) == 1


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [
        ("acknowledged", "rejected", "rejected"),
        ("rejected", "acknowledged", "rejected"),
        ("acknowledged_with_errors", "rejected", "rejected"),
        ("acknowledged", "acknowledged_with_errors", "acknowledged_with_errors"),
        ("acknowledged_with_errors", "acknowledged", "acknowledged_with_errors"),
    ],
)
def test_of_two_answers_the_worse_one_stays(store: Store, first: str, second: str, stays: str) -> None:
    one = sent(store)
    acknowledge(store, one, first)
    assert acknowledge(store, one, second) == "contradicts"
    assert again(store, one).set_status == stays
    (event,) = events(store, "acknowledgment contradicts")
    assert (event["before"], event["status"]) == (first, second)


def test_an_unclear_answer_is_settled_by_a_clear_one_and_never_unsettles_one(store: Store) -> None:
    one = sent(store)
    acknowledge(store, one, "unclear")
    assert acknowledge(store, one, "acknowledged") == "new"
    assert acknowledge(store, one, "unclear") == "repeated"
    assert again(store, one).set_status == "acknowledged"


def test_an_answer_may_overtake_the_note_of_the_upload(store: Store) -> None:
    with store.write() as tx:
        one = build(tx)
    assert acknowledge(store, one, "acknowledged") == "new"
    with store.write() as tx:
        outbound.uploaded(tx, one.interchange_id, answer_within=timedelta(hours=24))
    after = again(store, one)
    assert (after.status, after.set_status) == ("uploaded", "acknowledged")


def test_an_answer_that_was_not_expected_is_taken(store: Store) -> None:
    one = sent(store, hours=None)
    assert acknowledge(store, one, "rejected") == "new"


def test_unknown_words_and_sets_are_refused(store: Store) -> None:
    one = sent(store)
    with pytest.raises(ValueError, match="late is not what an acknowledgment can say"):
        acknowledge(store, one, "late")
    with pytest.raises(ValueError, match="there is no outgoing transaction set 99"):
        acknowledge(store, replace(one, set_id=99), "acknowledged")


# ---- overdue


def overdue(store: Store) -> list[Exchange]:
    with store.read() as connection:
        return answers.overdue(connection, store, "demo", store.now())


def test_an_overdue_answer_is_told_once_and_its_lateness_stays(database: Database) -> None:
    clock = Clock()
    with Store(database, clock=clock) as store:
        one = sent(store, hours=4)
        sent(store, 8, hours=None)
        clock.move(timedelta(hours=4))
        assert overdue(store) == []
        clock.move(timedelta(seconds=1))
        assert overdue(store) == [one]
        for _ in range(2):
            with store.write() as tx:
                answers.alerted(tx, [one.interchange_id])
        assert overdue(store) == []
        clock.move(timedelta(hours=1))
        assert acknowledge(store, one, "acknowledged") == "new"
        after = again(store, one)
        assert (after.set_status, after.alerted_at) == ("acknowledged", NOON + timedelta(hours=4, seconds=1))
        assert events(store, "acknowledged")[0]["late"] is True


def test_what_was_answered_in_time_is_never_overdue(database: Database) -> None:
    clock = Clock()
    with Store(database, clock=clock) as store:
        acknowledge(store, sent(store, hours=4), "acknowledged")
        clock.move(timedelta(days=3))
        assert overdue(store) == []
        assert events(store, "acknowledged")[0]["late"] is False


# ---- what the business says


def test_the_last_response_counts_and_keeps_the_acknowledgment(store: Store) -> None:
    one = sent(store)
    acknowledge(store, one, "acknowledged")
    with store.write() as tx:
        assert answers.respond(tx, one.set_id, "changed", {"lines": ["2"]})
        assert not answers.respond(tx, one.set_id, "changed", {"lines": ["2"]})
        assert answers.respond(tx, one.set_id, "accepted")
        assert not answers.respond(tx, one.set_id, "accepted")
    after = again(store, one)
    assert (after.response, after.set_status) == ("accepted", "acknowledged")
    assert after.data["acknowledgment"] == {"code": "A"}
    assert [event["response"] for event in events(store, "partner responded")] == ["changed", "accepted"]
