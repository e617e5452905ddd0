"""One value against its element: as a pattern for the good case, and in words for the bad one."""

from __future__ import annotations

import re
from datetime import date

from ml_connector.x12.model import Delimiters
from ml_connector.x12.tables import Element

MISSING, CONDITIONAL, TOO_MANY, SHORT, LONG, CHARACTER = "1", "2", "3", "4", "5", "6"
CODE, DATE, TIME, EXCLUDED, REPEATED = "7", "8", "9", "10", "12"
"""AK403: what is wrong with an element."""

CONTROLS = "\x00-\x1f\x7f-\x9f"

_DIGITS = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9](?:[0-9]{1,2})?)?")
_CONTROL = re.compile(f"[{CONTROLS}]")
_DAYS = "(?:0[1-9]|1[0-2])(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])(?:29|30)|(?:0[13578]|1[02])31"
"""MMDD without 29 February, which is left to the calendar."""

Fault = tuple[str, str]
"""AK403 and the words that go with it."""


def separators(delimiters: Delimiters) -> str:
    """The characters that no simple element may hold."""
    return delimiters.element + delimiters.component + delimiters.segment + (delimiters.repetition or "")


def pattern(element: Element, excluded: str) -> str:
    """A regular expression that only good values match; a few rare good ones do not.

    Args:
        element: what is matched.
        excluded: the characters that no simple element may hold.
    """
    low, high = element.minimum, element.maximum
    sign = "" if "-" in excluded else "-?"
    match element.kind:
        case "AN" | "ID" if element.codes:
            return f"(?:{'|'.join(re.escape(code) for code in sorted(element.codes))})"
        case "AN" | "ID":
            taken = CONTROLS + re.escape(excluded)
            return f"[^{taken}]{{{low - 1},{high - 1}}}[^{taken} ]"
        case "R":
            pointed = rf"(?=[0-9.]{{{low + 1},{high + 1}}}(?![0-9.]))(?:[0-9]+\.[0-9]*|\.[0-9]+)"
            return f"{sign}(?:[0-9]{{{low},{high}}}{'' if '.' in excluded else f'|{pointed}'})"
        case "DT":
            century = "(?:19|20)" if high == 8 else ""
            return f"{century}[0-9][0-9](?:{_DAYS})"
        case "TM":
            seconds = "(?:[0-5][0-9](?:[0-9]{1,2})?)?" if high == 8 else ""
            return f"(?:[01][0-9]|2[0-3])[0-5][0-9]{seconds}"
        case _:
            return f"{sign}[0-9]{{{low},{high}}}"


def faults(value: str, element: Element, *, six_digit_dates: bool = False) -> list[Fault]:
    """What is wrong with a value that is there. Trailing blanks are not looked at."""
    if _CONTROL.search(value):
        return [(CHARACTER, "holds a control character")]
    if not value.strip(" "):
        return [(CHARACTER, "holds nothing but blanks")]
    match element.kind:
        case "AN" | "ID":
            return _length(value, element) or _code(value, element)
        case "DT":
            return _date(value, element, six_digit_dates=six_digit_dates)
        case "TM":
            return _time(value, element)
        case kind:
            return _number(value, element, kind)


def _length(value: str, element: Element) -> list[Fault]:
    length = len(value)
    if length < element.minimum:
        return [(SHORT, f"is {length} long, at least {element.minimum} are required")]
    if length > element.maximum:
        return [(LONG, f"is {length} long, at most {element.maximum} are allowed")]
    return []


def _code(value: str, element: Element) -> list[Fault]:
    if element.codes and value not in element.codes:
        return [(CODE, "is no code of its list")]
    return []


def _number(value: str, element: Element, kind: str) -> list[Fault]:
    if kind == "R":
        if not _DECIMAL.fullmatch(value):
            return [(CHARACTER, "is no number")]
    elif not _DIGITS.fullmatch(value):
        point = _DECIMAL.fullmatch(value) and kind != "N0"
        return [(CHARACTER, f"has a point, but {kind} implies it" if point else "is no whole number")]
    return _length(value.replace("-", "").replace(".", ""), element)


def _date(value: str, element: Element, *, six_digit_dates: bool) -> list[Fault]:
    lengths = {element.maximum, 6} if six_digit_dates else {element.maximum}
    if not (value.isascii() and value.isdigit() and len(value) in lengths):
        return [(DATE, f"is no date of {element.maximum} digits")]
    century = "" if len(value) == 8 else "20"
    try:
        date.fromisoformat(century + value)
    except ValueError:
        return [(DATE, "is no day of the calendar")]
    return []


def _time(value: str, element: Element) -> list[Fault]:
    if not _TIME.fullmatch(value):
        return [(TIME, "is no time")]
    return _length(value, element)
