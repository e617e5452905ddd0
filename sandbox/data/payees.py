"""How suppliers are paid: payment method, holds, bank accounts and tax numbers.

They follow from the supplier's number, so that the suppliers themselves stay what they are without them.
"""

from __future__ import annotations

from .size import FIRST_DATE, OTHER_SETID, Record

_METHODS = ("ACH", "CHK", "EFT")
_BANKS = (("First Example Bank", "FEBKUS6S"), ("Example Trust", "EXTRUS33"))


def _number(supplier: Record) -> int:
    digits = str(supplier["VENDOR_ID"])
    return int(digits) if digits.isdigit() else sum(map(ord, digits))


def payment_of(supplier: Record) -> Record:
    """Fields of VENDOR_PAY: the method, and whether payments are held."""
    number = _number(supplier)
    return {"PYMNT_METHOD": _METHODS[number % 3], "PYMNT_HOLD": "Y" if number % 23 == 0 else "N"} | {
        name: supplier[name] for name in ("PYMNT_METHOD", "PYMNT_HOLD") if name in supplier
    }


def bank_accounts_of(supplier: Record) -> list[Record]:
    """Bank accounts; no two suppliers share one. A supplier may bring its own as `bank_accounts`."""
    if "bank_accounts" in supplier:
        own: list[Record] = supplier["bank_accounts"]
        return own
    number = _number(supplier)
    if number % 5 == 4:
        return []
    foreign = supplier["SETID"] == OTHER_SETID
    name, bic = _BANKS[number % 2]
    return [
        {
            "BANK_ACCT_SEQ_NBR": 1, "EFFDT": FIRST_DATE, "EFF_STATUS": "A", "BANK_NAME": name,
            "BANK_ACCOUNT_NUM": "" if foreign else f"{number:012d}",
            "IBAN_ID": iban("DE", f"{37040044:08d}{number:010d}") if foreign else "",
            "DFI_ID_NUM": bic, "CURRENCY_CD": "EUR" if foreign else "USD",
        }
    ]  # fmt: skip


def id_numbers_of(supplier: Record) -> list[Record]:
    """Numbers that others gave the supplier: the tax authority, and for some D&B."""
    number = _number(supplier)
    made = [{"STD_ID_NUM_QUAL": "TXI", "STD_ID_NUM": f"{10 + number % 80}-{number:07d}"}]
    if number % 4 == 0:
        made.insert(0, {"STD_ID_NUM_QUAL": "DNS", "STD_ID_NUM": f"{number:09d}"})
    own: list[Record] = supplier.get("id_numbers", made)
    return own


def iban(country: str, account: str) -> str:
    """An account number with its check digits (ISO 13616)."""
    letters = "".join(str(int(letter, 36)) for letter in f"{account}{country}00")
    return f"{country}{98 - int(letters) % 97:02d}{account}"
