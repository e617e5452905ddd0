"""Suppliers with effective-dated addresses and locations."""

from __future__ import annotations

import random

from .names import EUROPEAN_PLACES, FIRST, FORM, PLACES, SECOND, STREETS
from .size import FIRST_DATE, FUTURE_DATE, OTHER_SETID, SETID, Record, Size

TERMS = ("N30", "N30", "N45", "N60", "IMM")


def supplier_id(number: int) -> str:
    """VENDOR_ID is ten digits with leading zeros."""
    return f"{number:010d}"


def address(
    place: tuple[str, str, str, str], street: str, effdt: str = FIRST_DATE, status: str = "A", seq: int = 1
) -> Record:
    """One effective-dated row of VENDOR_ADDR."""
    city, state, postal, country = place
    return {
        "ADDRESS_SEQ_NUM": seq,
        "EFFDT": effdt,
        "EFF_STATUS": status,
        "COUNTRY": country,
        "ADDRESS1": street,
        "ADDRESS2": "",
        "ADDRESS3": "",
        "ADDRESS4": "",
        "CITY": city,
        "COUNTY": "",
        "STATE": state,
        "POSTAL": postal,
        "EMAILID": "",
        "PHONE": "",
    }


def location(terms: str, effdt: str = FIRST_DATE, status: str = "A", name: str = "MAIN") -> Record:
    """One effective-dated row of VENDOR_LOC."""
    return {
        "VNDR_LOC": name,
        "EFFDT": effdt,
        "EFF_STATUS": status,
        "DESCR": "Main location",
        "CURRENCY_CD": "USD",
        "PYMNT_TERMS_CD": terms,
    }


def short_name(name: str) -> str:
    """The first ten letters and digits of a name, in capitals."""
    return "".join(letter for letter in name.upper() if letter.isascii() and letter.isalnum())[:10]


def supplier(number: int, name: str, *, setid: str = SETID, **changed: object) -> Record:
    """A supplier without address and location; `changed` overrides header fields."""
    record: Record = {
        "SETID": setid,
        "VENDOR_ID": supplier_id(number),
        "VENDOR_NAME_SHORT": f"{short_name(name)}-{number % 1000:03d}",
        "NAME1": name,
        "NAME2": "",
        "VENDOR_STATUS": "A",
        "VENDOR_CLASS": "R",
        "VENDOR_PERSISTENCE": "R",
        "REMIT_SETID": setid,
        "REMIT_VENDOR": supplier_id(number),
        "PRIM_ADDR_SEQ_NUM": 1,
        "REMIT_ADDR_SEQ_NUM": 1,
        "DEFAULT_LOC": "MAIN",
        "addresses": [],
        "locations": [],
    }
    return record | changed


def suppliers(size: Size) -> list[Record]:
    """The suppliers of both SETIDs. The second SETID repeats a few VENDOR_IDs with other companies."""
    chance = random.Random(size.seed)
    made = [_one(number, chance) for number in range(1, size.supplier_count + 1)]
    for number in range(1, 4):
        record = supplier(number, f"Lieferant {number} GmbH", setid=OTHER_SETID)
        record["addresses"] = [address(EUROPEAN_PLACES[number - 1], f"{number} Hauptstraße")]
        record["locations"] = [location("N30")]
        made.append(record)
    return made


def _one(number: int, chance: random.Random) -> Record:
    name = f"{chance.choice(FIRST)} {chance.choice(SECOND)} {chance.choice(FORM)} {number}"
    record = supplier(number, name)
    street = f"{chance.randrange(1, 999)} {chance.choice(STREETS)}"
    record["addresses"] = [address(chance.choice(PLACES), street)]
    record["locations"] = [location(chance.choice(TERMS))]
    if number % 7 == 0:  # moved in the past
        record["addresses"].append(address(chance.choice(PLACES), f"{street} (new)", "2025-05-01"))
    if number % 11 == 0:  # will move
        record["addresses"].append(address(chance.choice(PLACES), "1 Future Way", FUTURE_DATE))
    if number % 13 == 0:  # a second address, for remittances
        record["addresses"].append(address(chance.choice(PLACES), "PO Box 12", seq=2))
        record["REMIT_ADDR_SEQ_NUM"] = 2
    if number % 9 == 0:
        record["locations"].append(location("N60", "2026-02-01"))
    if number % 17 == 0:
        record["VENDOR_STATUS"] = "I"
    if number % 19 == 0:
        record |= {"VENDOR_CLASS": "E", "VENDOR_PERSISTENCE": "P", "NAME1": f"Employee {number}, Jo"}
    return record


def payable(records: list[Record]) -> list[Record]:
    """Suppliers that generated vouchers may use: approved outside parties of the main SETID."""
    return [
        record
        for record in records
        if record["SETID"] == SETID and record["VENDOR_STATUS"] == "A" and record["VENDOR_CLASS"] == "R"
    ]
