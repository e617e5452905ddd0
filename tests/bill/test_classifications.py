from __future__ import annotations

from typing import Any

import pytest

from ml_connector.bill.classifications import ChartOfAccounts, Classification
from ml_connector.bill.options import BillOptions
from ml_connector.core.contract import Intent, Payload, Verdict
from ml_connector.core.errors import RateLimited

from .support import Bill, intent, removal, update

BULK = "POST /v3/classifications/chart-of-accounts/bulk"
LIST = "GET /v3/classifications/chart-of-accounts"


def account(number: str = "641000", name: str | None = None, **changed: Any) -> Payload:
    return {"name": name or f"{number} Office", "account": {"number": number, "type": "EXPENSE"}} | changed


def creates(*bodies: Payload) -> list[Intent]:
    return [intent(body, key=f"SHARE|{body['account']['number']}") for body in bodies]


async def test_accounts_are_created_together(bill: Bill) -> None:
    target = ChartOfAccounts(bill.api)
    outcomes = await target.write(creates(account("0100"), account("0200"), account("0300")), bill.steps)
    assert [outcome.result for outcome in outcomes] == ["loaded"] * 3
    assert [outcome.target_id for outcome in outcomes] == [row["id"] for row in bill.held.accounts]
    assert bill.calls(BULK) == 1


async def test_one_refused_account_does_not_stop_its_neighbours(bill: Bill) -> None:
    bodies = [account(f"{number:04d}") for number in range(9)]
    bodies[5]["name"] = bodies[2]["name"]
    outcomes = {one.key: one for one in await ChartOfAccounts(bill.api).write(creates(*bodies), bill.steps)}
    refused = [key for key, outcome in outcomes.items() if outcome.result == "rejected"]
    assert len(refused) == 1
    assert refused[0] in {"SHARE|0002", "SHARE|0005"}
    assert len(bill.held.accounts) == 8


async def test_a_refusal_because_it_is_there_already_is_no_refusal(bill: Bill) -> None:
    first, second = bill.account("0100", "0100 Office"), bill.account("0200", "0200 Office")
    bill.held.accounts.replace(bill.held.accounts.rows[second] | {"description": "typed by hand"})
    intents = creates(account("0100"), account("0200", description="ours"), account("0300"))
    outcomes = {one.key: one for one in await ChartOfAccounts(bill.api).write(intents, bill.steps)}
    assert [outcomes[f"SHARE|0{n}00"].result for n in (1, 2, 3)] == ["loaded", "in_doubt", "loaded"]
    assert outcomes["SHARE|0100"].target_id == first
    assert bill.held.accounts.rows[second]["description"] == "typed by hand"  # it may be another document's
    assert len(bill.held.accounts) == 3


async def test_an_absence_is_read_anew_each_time(bill: Bill) -> None:
    target = ChartOfAccounts(bill.api)
    (one,) = creates(account("0100"))
    one.attempted_at = bill.now()
    for expected in (1, 2):
        assert (await target.find([one]))[0].verdict is Verdict.ABSENT
        assert bill.calls(LIST) == expected
        bill.sandbox.clock.advance(1)


async def test_a_list_made_before_the_request_says_nothing_about_it(bill: Bill) -> None:
    target, intents = ChartOfAccounts(bill.api), creates(account("0100"), account("0200"))
    await target.find(intents)
    bill.fault("lost", BULK)
    assert {one.result for one in await target.write(intents, bill.steps)} == {"in_doubt"}
    again = await target.write(creates(account("0100"), account("0200")), bill.steps)
    assert {one.result for one in again} == {"loaded"}
    assert len(bill.held.accounts) == 2


async def test_what_the_refusal_names_is_sent_alone_at_once(bill: Bill) -> None:
    bodies = [account(f"{number:04d}") for number in range(9)]
    bodies[5]["description"] = "x" * 300
    outcomes = await ChartOfAccounts(bill.api).write(creates(*bodies), bill.steps)
    (refused,) = [outcome for outcome in outcomes if outcome.result == "rejected"]
    assert (refused.key, refused.field) == ("SHARE|0005", "description")
    assert (bill.calls(BULK), len(bill.held.accounts)) == (2, 8)


async def test_a_lost_answer_leaves_exactly_its_members_in_doubt(bill: Bill) -> None:
    bill.fault("lost", BULK)
    target = ChartOfAccounts(bill.api)
    intents = creates(account("0100"), account("0200"))
    outcomes = await target.write(intents, bill.steps)
    assert [outcome.result for outcome in outcomes] == ["in_doubt", "in_doubt"]
    found = await target.find(intents)
    assert [one.verdict for one in found] == [Verdict.EQUAL, Verdict.EQUAL]


async def test_a_limit_in_the_middle_leaves_the_rest_unsent(bill: Bill) -> None:
    bodies = [account(f"{number:04d}") for number in range(4)]
    bodies[0]["name"] = bodies[1]["name"]
    bill.fault("error", BULK, code="BDC_1144", status=422, skip=2)
    outcomes = await ChartOfAccounts(bill.api).write(creates(*bodies), bill.steps)
    results = sorted(outcome.result for outcome in outcomes)
    assert set(results) <= {"loaded", "rejected", "unsent"}
    assert len(outcomes) == 4
    for outcome in outcomes:
        if outcome.result == "unsent":
            assert isinstance(outcome.cause, RateLimited)
    assert len(bill.held.accounts) == results.count("loaded")


async def test_a_limit_before_anything_was_sent_stops_the_flow(bill: Bill) -> None:
    bill.fault("error", BULK, code="BDC_1144", status=422)
    with pytest.raises(RateLimited):
        await ChartOfAccounts(bill.api).write(creates(account("1"), account("2")), bill.steps)


async def test_numbers_are_compared_with_their_zeros(bill: Bill) -> None:
    bill.account("0641", "Zero")
    found = await ChartOfAccounts(bill.api).find(creates(account("641"), account(" 0641 ")))
    assert [one.verdict for one in found] == [Verdict.ABSENT, Verdict.DIFFERENT]


async def test_one_list_serves_many_look_ups(bill: Bill) -> None:
    target = ChartOfAccounts(bill.api)
    for number in range(3):
        await target.find(creates(account(str(number))))
    assert bill.calls(LIST) == 1


async def test_a_look_up_in_doubt_reads_a_fresh_list(bill: Bill) -> None:
    target = ChartOfAccounts(bill.api)
    (one,) = creates(account("0100"))
    await target.find([one])
    bill.account("0100", "0100 Office")
    bill.sandbox.clock.advance(10)
    one.attempted_at = bill.now()
    assert (await target.find([one]))[0].verdict is Verdict.EQUAL


async def test_an_account_without_a_number_is_known_by_its_name(bill: Bill) -> None:
    made = bill.held.accounts.add({"name": "641000 OFFICE"})
    (found,) = await ChartOfAccounts(bill.api).find(creates(account("641000")))
    assert (found.verdict, found.target_id) == (Verdict.DIFFERENT, made["id"])


async def test_two_living_accounts_of_one_number_are_for_a_person(bill: Bill) -> None:
    first, _ = bill.account("0100", "A"), bill.account("0100", "B")
    (found,) = await ChartOfAccounts(bill.api).find(creates(account("0100")))
    assert (found.verdict, first in (found.reason or "")) == (Verdict.FOREIGN, True)
    bill.held.accounts.replace(bill.held.accounts.rows[first] | {"archived": True})
    (found,) = await ChartOfAccounts(bill.api).find(creates(account("0100")))
    assert found.verdict is Verdict.DIFFERENT


async def test_accounts_may_be_known_by_name(bill: Bill) -> None:
    bill.account("9", "641000 Office")
    target = ChartOfAccounts(bill.api, BillOptions(account_match="name"))
    (found,) = await target.find(creates(account("641000")))
    assert found.verdict is Verdict.DIFFERENT


async def test_an_update_sends_only_what_differs(bill: Bill) -> None:
    target_id = bill.account("0100", "Old")
    parent = bill.account("0001", "Parent")
    bill.held.accounts.replace(bill.held.accounts.rows[target_id] | {"parentId": parent})
    (outcome,) = await ChartOfAccounts(bill.api).write(
        [update(account("0100", "New"), target_id)], bill.steps
    )
    assert outcome.result == "loaded"
    row = bill.held.accounts.rows[target_id]
    assert (row["name"], row["parentId"]) == ("New", parent)


async def test_updates_go_together(bill: Bill) -> None:
    ids = [bill.account(str(number), f"Old {number}") for number in range(3)]
    intents = [update(account(str(n), f"New {n}"), ids[n], key=f"SHARE|{n}") for n in range(3)]
    outcomes = await ChartOfAccounts(bill.api).write(intents, bill.steps)
    assert [outcome.result for outcome in outcomes] == ["loaded"] * 3
    assert bill.calls("PATCH /v3/classifications/chart-of-accounts/bulk") == 1
    assert [row["name"] for row in bill.held.accounts] == ["New 0", "New 1", "New 2"]


async def test_a_refused_update_stands_alone(bill: Bill) -> None:
    ids = [bill.account(str(number), f"Old {number}") for number in range(3)]
    intents = [update(account(str(n), f"New {n}"), ids[n], key=f"SHARE|{n}") for n in range(3)]
    intents[1].desired.body["account"]["type"] = "NONSENSE"
    outcomes = {one.key: one.result for one in await ChartOfAccounts(bill.api).write(intents, bill.steps)}
    assert outcomes == {"SHARE|0": "loaded", "SHARE|1": "rejected", "SHARE|2": "loaded"}


async def test_archived_and_restored(bill: Bill) -> None:
    target, target_id = ChartOfAccounts(bill.api), bill.account("0100", "0100 Office")
    assert (await target.write([removal(target_id)], bill.steps))[0].result == "loaded"
    assert bill.held.accounts.rows[target_id]["archived"]
    (found,) = await target.find([update(account("0100"), target_id)])
    assert found.verdict is Verdict.DIFFERENT
    assert (await target.write([update(account("0100"), target_id)], bill.steps))[0].result == "loaded"
    assert not bill.held.accounts.rows[target_id]["archived"]


async def test_what_peoplesoft_emptied_is_emptied(bill: Bill) -> None:
    target_id = bill.account("0100", "0100 Office")
    bill.held.accounts.replace(bill.held.accounts.rows[target_id] | {"description": "old"})
    before = account("0100", description="old")
    await ChartOfAccounts(bill.api).write([update(account("0100"), target_id, before)], bill.steps)
    assert "description" not in bill.held.accounts.rows[target_id]


async def test_a_flow_that_only_aligns_creates_nothing(bill: Bill) -> None:
    target = ChartOfAccounts(bill.api, BillOptions.model_validate({"create": {"accounts": False}}))
    (outcome,) = await target.write(creates(account()), bill.steps)
    assert (outcome.result, "by hand" in (outcome.reason or "")) == ("rejected", True)
    assert len(bill.held.accounts) == 0


@pytest.mark.parametrize(
    ("kind", "table"),
    [("departments", "departments"), ("locations", "locations"), ("classes", "accounting-classes")],
)
async def test_the_other_dimensions(bill: Bill, kind: Any, table: str) -> None:
    target = Classification(bill.api, kind=kind)
    body = {"name": "10000 Sales", "shortName": "10000"}
    intents = [intent(body, key="SHARE|10000"), intent({"name": "2 B", "shortName": "2"}, key="SHARE|2")]
    outcomes = await target.write(intents, bill.steps)
    assert [outcome.result for outcome in outcomes] == ["loaded"] * 2
    assert len(bill.held.tables[table]) == 2
    (found,) = await target.find([intent(body, key="SHARE|10000")])
    assert found.verdict is Verdict.EQUAL


async def test_read_back_shows_what_was_sent(bill: Bill) -> None:
    target = ChartOfAccounts(bill.api)
    outcomes = await target.write(creates(*(account(f"{n:03d}") for n in range(50))), bill.steps)
    page = await target.read_back([outcome.target_id or "" for outcome in outcomes])
    assert [record.body for record in page.records] == [account(f"{n:03d}") for n in range(50)]
    assert {record.state for record in page.records} == {"active"}


async def test_reading_everything_goes_page_by_page(bill: Bill) -> None:
    for number in range(130):
        bill.account(str(number), f"A {number}")
    target = ChartOfAccounts(bill.api)
    first = await target.read_back()
    second = await target.read_back(None, first.cursor)
    assert (len(first.records), len(second.records), second.cursor) == (100, 30, None)
    again = await target.read_back(None, "a token of last month")
    assert len(again.records) == 100


async def test_ids_that_are_gone_are_missing(bill: Bill) -> None:
    target_id = bill.account()
    page = await ChartOfAccounts(bill.api).read_back([target_id, "0ca01GONE"])
    assert [record.target_id for record in page.records] == [target_id]


async def test_an_ignored_filter_does_not_confuse_a_read_back(bill: Bill) -> None:
    ids = [bill.account(str(number), f"A {number}") for number in range(3)]
    bill.fault("ignore_filters", LIST)
    page = await ChartOfAccounts(bill.api).read_back(ids[:2])
    assert {record.target_id for record in page.records} == set(ids[:2])


async def test_read_back_works_where_bill_does_not_filter_by_id(
    bill: Bill, monkeypatch: pytest.MonkeyPatch
) -> None:
    target_id = bill.account()
    monkeypatch.setitem(bill.held.listers["chart-of-accounts"].listing.filters, "id", ())
    page = await ChartOfAccounts(bill.api).read_back([target_id])
    assert [record.target_id for record in page.records] == [target_id]


async def test_confirm_says_what_stands_there(bill: Bill) -> None:
    bill.account("641000", "641000 Office")
    outcomes = await ChartOfAccounts(bill.api).confirm(creates(account(), account("9")), [{}, {}])
    assert [outcome.result for outcome in outcomes] == ["loaded", "accepted"]
