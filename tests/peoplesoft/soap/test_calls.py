"""Calls that work: what is sent, and what is made of the answer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ml_connector.core.errors import ConfigurationError, Rejected
from ml_connector.peoplesoft.soap import Created, InterfaceName, Message, Updated
from tests.peoplesoft.soap.gateway import (
    CONNECTOR,
    NODE,
    THING,
    Gateway,
    connected,
    notified,
    plain,
    serving,
    thing,
)
from tests.peoplesoft.soap.wsdls import Tree, Wsdl

FULL = {
    "PART": [
        {"SUB": [{"COLOUR": "red"}, {"COLOUR": "blue"}], "PART_NBR": 1, "NOTE": "first"},
        {"PART_NBR": Decimal("2.50")},
    ],
    "COUNTER": 3,
    "EFFDT": date(2026, 10, 2),
    "AMOUNT": Decimal("1E+3"),
    "DESCR": "R\u00f6mer & <Co>",
    "SETID": "SHARE",
}


async def test_a_create_sends_the_order_of_the_description_and_returns_the_keys(gateway: Gateway) -> None:
    gateway.saved()
    async with connected(gateway) as interfaces:
        created = await (await thing(interfaces)).create(FULL)
    assert created == Created({"SETID": "SHARE", "THING_ID": "0007"})
    assert plain(gateway.posted[0]) == {
        "SETID": "SHARE", "DESCR": "R\u00f6mer & <Co>", "AMOUNT": "1000", "EFFDT": "2026-10-02",
        "COUNTER": "3",
        "PART": [
            {"PART_NBR": "1", "NOTE": "first", "SUB": [{"COLOUR": "red"}, {"COLOUR": "blue"}]},
            {"PART_NBR": "2.50"},
        ],
    }  # fmt: skip
    assert gateway.headers[0]["SOAPAction"] == '"CI_THING_C.V1x"'


INSIDE = "https://psoft.internal.example/PSIGW/PeopleSoftServiceListeningConnector"


@pytest.mark.parametrize(
    "address", [f"{INSIDE}/{NODE}", INSIDE, f"{INSIDE}/", "https://api.example.com/vanity"]
)
async def test_calls_go_to_the_gateway_and_node_of_the_connection(address: str) -> None:
    async with serving(Gateway(Wsdl(address=address))) as gateway:
        gateway.saved()
        async with connected(gateway) as interfaces:
            await (await thing(interfaces)).create({"SETID": "SHARE"})
    assert gateway.paths == [f"{CONNECTOR}/{NODE}"]


async def test_a_description_of_another_database_is_not_followed() -> None:
    other = Gateway(Wsdl(address=f"{INSIDE}/PSFT_HR"), path_form=False)
    async with serving(other) as gateway, connected(gateway) as interfaces:
        with pytest.raises(ConfigurationError, match="of node PSFT_HR and the connection names node PSFT_EP"):
            await thing(interfaces)
    assert gateway.paths == []


async def test_the_password_travels_in_the_envelope_with_wsse() -> None:
    async with serving(Gateway(wsse=True)) as gateway:
        gateway.saved()
        async with connected(gateway) as interfaces:
            created = await (await thing(interfaces)).create({"SETID": "SHARE"})
    assert created.keys["THING_ID"] == "0007"


@pytest.mark.parametrize("blank", [None, "", [], [{}], [{"NOTE": ""}], "\x00\x1f"])
async def test_blanks_are_left_out(gateway: Gateway, blank: object) -> None:
    gateway.saved()
    name = "PART" if isinstance(blank, list) else "DESCR"
    async with connected(gateway) as interfaces:
        await (await thing(interfaces)).create({"SETID": "SHARE", name: blank, "NO_SUCH_PROPERTY": None})
    assert plain(gateway.posted[0]) == {"SETID": "SHARE"}


async def test_updates_use_their_own_operations(gateway: Gateway) -> None:
    values = {"SETID": "SHARE", "THING_ID": "0007", "DESCR": "new"}
    gateway.saved("Update")
    gateway.saved("Updatedata")
    async with connected(gateway) as interfaces:
        one = await thing(interfaces)
        expected = Updated({"SETID": "SHARE", "THING_ID": "0007"})
        assert [await one.update(values), await one.update_data(values)] == [expected, expected]
    assert [header["SOAPAction"] for header in gateway.headers] == ['"CI_THING_UP.V1x"', '"CI_THING_UD.V1x"']


async def test_warnings_come_with_the_keys(gateway: Gateway) -> None:
    told = notified(" 1 ", ("Warning", "7", "12", " Period is closed "), ("OK", "", "", ""))
    explained = told.replace("<m:messagetext></m:messagetext>", "<m:explaintext>done</m:explaintext>")
    gateway.says("Create__CompIntfc__THINGResponse", explained)
    async with connected(gateway) as interfaces:
        created = await (await thing(interfaces)).create({"SETID": "SHARE"})
    expected = (Message("Warning", "7,12", "Period is closed"), Message("OK", "", "done"))
    assert created == Created({}, expected)


async def test_a_get_returns_the_object_with_lists_and_decimals(gateway: Gateway) -> None:
    gateway.says(
        "Get__CompIntfc__THINGResponse",
        "<m:SETID> SHARE </m:SETID><m:THING_ID>0007</m:THING_ID><m:DESCR/><m:AMOUNT>12.50</m:AMOUNT>"
        "<m:EFFDT>2026-10-02</m:EFFDT><m:COUNTER>007</m:COUNTER><m:PART><m:PART_NBR>1</m:PART_NBR>"
        "<m:SUB><m:COLOUR>red</m:COLOUR></m:SUB></m:PART><m:ADDED_LATER>x</m:ADDED_LATER>",
    )
    async with connected(gateway) as interfaces:
        found = await (await thing(interfaces)).get({"SETID": "SHARE", "THING_ID": "0007"})
    assert found == {
        "SETID": "SHARE", "THING_ID": "0007", "DESCR": "", "AMOUNT": Decimal("12.50"), "EFFDT": "2026-10-02",
        "COUNTER": "007", "PART": [{"PART_NBR": Decimal(1), "SUB": [{"COLOUR": "red"}]}], "ADDED_LATER": "x",
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<m:SETID/><m:THING_ID> </m:THING_ID>",
        notified("0", ("Error", "", "", "No rows exist for the specified keys.")),
        notified("0", ("Error", "91", "50", "Keine Zeilen")),
    ],
)
async def test_a_get_of_nothing_is_none(gateway: Gateway, content: str) -> None:
    gateway.says("Get__CompIntfc__THINGResponse", content)
    async with connected(gateway) as interfaces:
        assert await (await thing(interfaces)).get({"SETID": "SHARE", "THING_ID": "0008"}) is None


async def test_a_find_returns_every_row(gateway: Gateway) -> None:
    rows = "".join(f"<m:THING><m:THING_ID>{number:04d}</m:THING_ID></m:THING>" for number in (7, 8))
    gateway.says("Find__CompIntfc__THINGResponse", rows)
    gateway.says("Find__CompIntfc__THINGResponse")
    async with connected(gateway) as interfaces:
        one = await thing(interfaces)
        assert await one.find({"SETID": "SHARE"}) == [{"THING_ID": "0007"}, {"THING_ID": "0008"}]
        assert await one.find({"SETID": "OTHER"}) == []


async def test_a_look_up_without_a_question_is_not_sent(gateway: Gateway) -> None:
    async with connected(gateway) as interfaces:
        one = await thing(interfaces)
        for look_up in (one.find, one.get):
            with pytest.raises(ConfigurationError, match="asked for nothing"):
                await look_up({"SETID": None, "DESCR": "\x07"})
    assert gateway.posted == []


RENAMED = InterfaceName(
    "THING",
    properties={
        "SETID": "KEYPROP_SETID", "THING_ID": "KEYPROP_THING_ID", "PART": "COLL_PART", "NOTE": "PROP_NOTE",
        "PART.PART_NBR": "KEYPROP_PART_NBR", "SUB": "COLL_SUB", "SUB.NOTE": "NOTE", "COLOUR": "PROP_COLOUR",
    },
)  # fmt: skip
PREFIXED: Tree = {
    "KEYPROP_SETID": "1", "KEYPROP_THING_ID": "0",
    "COLL_PART": {
        "KEYPROP_PART_NBR": "1", "PROP_NOTE": "0", "COLL_SUB": {"PROP_COLOUR": "0", "NOTE": "0"},
    },
}  # fmt: skip


async def test_names_of_the_site_are_used_and_translated_back() -> None:
    async with serving(Gateway(Wsdl(thing=PREFIXED))) as gateway:
        gateway.saved(
            keys="<m:KEYPROP_SETID>SHARE</m:KEYPROP_SETID><m:KEYPROP_THING_ID>7</m:KEYPROP_THING_ID>"
        )
        gateway.says(
            "Get__CompIntfc__THINGResponse",
            "<m:KEYPROP_SETID>SHARE</m:KEYPROP_SETID><m:COLL_PART><m:KEYPROP_PART_NBR>1</m:KEYPROP_PART_NBR>"
            "<m:PROP_NOTE>a</m:PROP_NOTE><m:COLL_SUB><m:PROP_COLOUR>red</m:PROP_COLOUR><m:NOTE>b</m:NOTE>"
            "</m:COLL_SUB></m:COLL_PART>",
        )
        parts = [{"PART_NBR": 1, "NOTE": "a", "SUB": [{"COLOUR": "red", "NOTE": "b"}]}]
        async with connected(gateway) as interfaces:
            one = await thing(interfaces, RENAMED)
            created = await one.create({"SETID": "SHARE", "PART": parts})
            found = await one.get({"SETID": "SHARE"})
    assert created.keys == {"SETID": "SHARE", "THING_ID": "7"}
    assert plain(gateway.posted[0])["COLL_PART"] == [
        {"KEYPROP_PART_NBR": "1", "PROP_NOTE": "a", "COLL_SUB": [{"PROP_COLOUR": "red", "NOTE": "b"}]}
    ]
    assert found == {"SETID": "SHARE", "PART": [{**parts[0], "PART_NBR": Decimal(1)}]}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"SETID": "A", "DESC": "x"}, "no property DESC for DESC (nearby: DESCR)"),
        ({"SETID": "A", "ID": "x"}, "no property ID for ID (nearby: SETID, THING_ID"),
        ({"SETID": "A", "PART": [{"PART_NBR": 1, "COLOR": "x"}]}, "no property COLOR for PART.COLOR"),
        ({"SETID": "A", "PART": "x"}, "PART is a collection (expected: a list of objects)"),
        ({"SETID": "A", "PART": ["x"]}, "PART is a collection"),
        ({"SETID": "A", "DESCR": 1.5}, "DESCR: float is no kind of value"),
        ({"SETID": "A", "DESCR": True}, "DESCR: bool is no kind of value"),
        ({"SETID": "A", "AMOUNT": Decimal("NaN")}, "AMOUNT: Decimal is no kind of value"),
    ],
)
async def test_values_that_do_not_fit_are_configuration(
    gateway: Gateway, values: dict[str, object], words: str
) -> None:
    async with connected(gateway) as interfaces:
        with pytest.raises(ConfigurationError) as caught:
            await (await thing(interfaces)).create(values)
    assert words in str(caught.value)
    assert gateway.posted == []


@pytest.mark.parametrize(
    ("values", "field"),
    [({"DESCR": "x"}, "SETID"), ({"SETID": "A", "PART": [{"NOTE": "x"}]}, "PART.PART_NBR")],
)
async def test_a_required_property_without_value_rejects_the_document(
    gateway: Gateway, values: dict[str, object], field: str
) -> None:
    async with connected(gateway) as interfaces:
        with pytest.raises(Rejected) as caught:
            await (await thing(interfaces)).create(values)
    assert caught.value.field == field
    assert gateway.posted == []


async def test_operations_are_found_by_root_element_or_by_suffix() -> None:
    strange = Wsdl(operation="Z{suffix}_OPER", verbs={"C": "CREATE", "G": "gEt"})
    async with serving(Gateway(strange)) as gateway:
        gateway.says("CREATE__CompIntfc__THINGResponse", "<m:notification>1</m:notification>")
        gateway.says("gEt__CompIntfc__THINGResponse", "<m:SETID>SHARE</m:SETID>")
        async with connected(gateway) as interfaces:
            one = await thing(interfaces)
            assert (await one.create({"SETID": "SHARE"})).keys == {}
            assert await one.get({"SETID": "SHARE"}) == {"SETID": "SHARE"}
            with pytest.raises(ConfigurationError, match=r"no operation to find .*CI_THING_F") as caught:
                await one.find({"SETID": "SHARE"})
    assert "ZC_OPER, ZG_OPER" in str(caught.value)


async def test_another_name_of_the_service() -> None:
    async with serving(Gateway(Wsdl(service="Z_THINGS"))) as gateway:
        gateway.saved()
        async with connected(gateway) as interfaces:
            one = await thing(interfaces, InterfaceName("THING", service="Z_THINGS"))
            assert (await one.create({"SETID": "SHARE"})).keys["SETID"] == "SHARE"
    assert gateway.gets == [f"/{NODE}/Z_THINGS.1.wsdl"]
    assert THING.file == "CI_THING.1"
