"""855 and 824: what partners' business says to orders and invoices."""

from __future__ import annotations

from typing import Any

import pytest

from .support import Office, file, group, money

LINES = ("PO1*1*100*EA*12.5*PE*BP*10004", "PO1*2*25.5*LB*3.0075*PE*BP*10077")


def response(
    *lines: str, kind: str = "AC", order: str = "US001-0000000007", number: int = 301, date: str = "20261120"
) -> bytes:
    count = [f"CTT*{sum(line.startswith('PO1') for line in lines)}"] if lines else []
    return file(group("PR", number, ["855", f"BAK*00*{kind}*{order}*{date}", *lines, *count]), number=number)


def advice(*more: str, code: str = "TR", reference: str = "IV*INV-9", number: int = 401) -> bytes:
    body = ["824", "BGN*11*ADV-1*20261126*0930", f"OTI*{code}*{reference}", *more]
    return file(group("AG", number, body), number=number)


async def say(office: Office, content: bytes) -> tuple[list[str], Any, dict[str, Any]]:
    alerts = await office.collect(content)
    row = office.sets("out")[0]
    return alerts, row.response, office.data(row).get("response", {})


async def test_an_order_taken_as_it_is(office: Office) -> None:
    office.order()
    content = response(
        LINES[0], "ACK*IA*100*EA*068*20261204", LINES[1], "ACK*IA*25.5*LB*068*20261218", kind="AD"
    )
    alerts, said, data = await say(office, content)
    assert (alerts, said) == ([], "accepted")
    assert data["promised_date"] == "2026-12-18"
    assert [line["response"] for line in data["lines"]] == ["accepted", "accepted"]
    assert data["ordered_total"] == data["confirmed_total"] == money("1326.69125")


async def test_an_order_taken_without_details(office: Office) -> None:
    office.order()
    assert (await say(office, response(kind="AK")))[:2] == ([], "accepted")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            ["PO1*1*100*EA*12.5", "ACK*IQ*60*EA", "ACK*IB*30*EA"], "quantity 90 instead of 100", id="quantity"
        ),
        pytest.param(["PO1*1*100*EA*13.1", "ACK*IP*100*EA"], "price 13.1 instead of 12.5", id="price"),
        pytest.param(["PO1*1*100*EA*13.1", "ACK*IA*100*EA"], "price 13.1 instead of 12.5", id="unsaid price"),
        pytest.param(["PO1*1*100*CA*12.5", "ACK*IA*100*CA"], "unit CA instead of EA", id="unit"),
        pytest.param(["PO1*1*90*EA*12.5"], "quantity 90 instead of 100", id="without ACK"),
        pytest.param(["PO1*1*100*EA*12.5", "ACK*DR*100*EA*068*20270104"], "accepted, date moved", id="date"),
    ],
)
async def test_an_order_taken_with_changes(office: Office, line: list[str], expected: str) -> None:
    office.order()
    alerts, said, data = await say(office, response(*line, LINES[1], "ACK*IA*25.5*LB"))
    assert said == "changed"
    assert [one["response"] for one in data["lines"]] == ["changed", "accepted"]
    assert expected in data["lines"][0]["text"]
    assert "lines 1)" in alerts[0]
    assert "12.5" not in alerts[0]


async def test_an_order_that_is_rejected(office: Office) -> None:
    office.order()
    alerts, said, _ = await say(office, response(kind="RJ"))
    assert said == "rejected"
    assert "acme rejected order US001-0000000007" in alerts[0]


async def test_one_rejected_line_changes_the_order(office: Office) -> None:
    office.order()
    _, said, data = await say(office, response(LINES[0], "ACK*IR*100*EA", LINES[1], "ACK*IA*25.5*LB"))
    assert said == "changed"
    assert (data["lines"][0]["response"], data["lines"][0]["quantity"]) == ("rejected", money("0"))


async def test_an_equal_response_again_tells_nobody(office: Office) -> None:
    office.order()
    await office.collect(response(kind="RJ"))
    assert await office.collect(response(kind="RJ", number=302)) == []


async def test_the_last_word_counts(office: Office) -> None:
    office.order()
    await office.collect(response(kind="RJ"))
    _, said, _ = await say(office, response(kind="AK", number=302))
    assert said == "accepted"


async def test_a_response_to_no_order_of_ours(office: Office) -> None:
    alerts = await office.collect(response(kind="AK", order="US001-0000000999"))
    assert office.statuses() == ["quarantined"]
    assert "no such order" in alerts[0]
    assert "AK9*A*1*1*1" in office.said()


async def test_a_changed_order_is_compared_with_its_change(office: Office) -> None:
    office.order()
    change = ["POC*1*CA*80*80*EA*12.5*PE*BP*10004", "POC*2*DI*25.5*0*LB*3.0075"]
    office.order(61, code="PC", set_code="860", lines=change)
    await office.collect(response("PO1*1*80*EA*12.5", "ACK*IA*80*EA"))
    first, second = office.sets("out")[:2]
    assert (first.response, second.response) == (None, "accepted")


async def test_a_change_that_has_not_left_is_not_what_was_answered(office: Office) -> None:
    office.order()
    change = ["POC*1*CA*80*80*EA*12.5*PE*BP*10004"]
    office.order(61, code="PC", set_code="860", lines=change, uploaded=False)
    await office.collect(response(LINES[0], "ACK*IA*100*EA", LINES[1], "ACK*IA*25.5*LB"))
    first, second = office.sets("out")[:2]
    assert (first.response, second.response) == ("accepted", None)
    assert second.status == "built"


async def test_an_answer_shows_that_the_first_message_has_arrived(office: Office) -> None:
    office.order(uploaded=False)
    assert (await say(office, response(kind="AK")))[1] == "accepted"
    assert office.sets("out")[0].status == "not_expected"  # no longer "built"


# ---- 824


@pytest.mark.parametrize(
    ("code", "more", "said"),
    [
        ("TA", (), "accepted"),
        ("TE", ("TED*024*CHECK THE TERMS",), "changed"),
        ("TR", ("TED*024*PO NUMBER NOT FOUND",), "rejected"),
    ],
)
async def test_an_advice_about_an_invoice(
    office: Office, code: str, more: tuple[str, ...], said: str
) -> None:
    office.order(order="INV-9", code="IN", set_code="810", flow="cleo.invoices")
    alerts, response_, data = await say(office, advice(*more, code=code))
    assert response_ == said
    assert len(data["errors"]) == len(more)
    assert len(alerts) == (0 if said == "accepted" else 1)


async def test_an_advice_that_names_control_numbers(office: Office) -> None:
    office.order(order="INV-9", code="IN", set_code="810", flow="cleo.invoices")
    reference = "IV*UNKNOWN***20261125*0915*57*0001*810*004010"
    _, said, _ = await say(office, advice("TED*024*NO", reference=reference))
    assert said == "rejected"


async def test_an_advice_about_nothing_of_ours(office: Office) -> None:
    alerts = await office.collect(advice("TED*024*NO"))
    assert office.statuses() == ["quarantined"]
    assert len(alerts) == 1


@pytest.mark.parametrize("codes", [("TR", "TA"), ("TA", "TR"), ("TE", "TR")])
async def test_of_several_judgements_in_one_advice_the_worst_counts(
    office: Office, codes: tuple[str, ...]
) -> None:
    office.order()
    items = [f"OTI*{code}*PO*US001-0000000007" for code in codes]
    alerts = await office.collect(file(group("AG", 1, ["824", "BGN*11*ADV-1*20261126", *items])))
    assert [row.response for row in office.sets("out")[:1]] == ["rejected"]
    assert len(alerts) == 1
