"""The filter expressions of lists: `alias eq "ACME" and (type sw "s" or not (ready eq false))`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from .errors import CleoError

Test = Callable[[Mapping[str, Any]], bool]
TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[()])|(?P<word>[A-Za-z_][\w.]*)|(?P<number>-?\d+(?:\.\d+)?))"""
)
DOCUMENTED = frozenset({"eq", "sw"})
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


def compare(operator: str, present: Any, wanted: Any) -> bool:
    """One comparison; texts are case-sensitive, and booleans may stand as text."""
    if isinstance(present, bool) and isinstance(wanted, str):
        wanted = {"true": True, "false": False}.get(wanted, wanted)
    if operator in ("eq", "ne"):
        return bool(present == wanted) is (operator == "eq")
    if operator in ("sw", "ew", "co"):
        if not isinstance(present, str) or not isinstance(wanted, str):
            return False
        return {"sw": present.startswith, "ew": present.endswith, "co": present.__contains__}[operator](
            wanted
        )
    if type(present) is not type(wanted) or isinstance(present, bool) or present is None:
        return False
    higher, same = present > wanted, present == wanted
    return bool(
        {"gt": higher, "ge": higher or same, "lt": not higher and not same, "le": not higher}[operator]
    )


OPERATORS = frozenset({"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"})


class Parser:
    """Recursive descent over one expression.

    Raises:
        CleoError: 400 with what is wrong and where.
    """

    def __init__(self, text: str, *, documented_only: bool = False) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._documented_only = documented_only

    def parse(self) -> Test:
        """The whole expression as a test of a resource."""
        test = self._either()
        if self._at < len(self._tokens):
            raise _wrong(f"unexpected {self._tokens[self._at][1]!r}")
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("or"):
            self._undocumented("or")
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._term()]
        while self._take("and"):
            tests.append(self._term())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _term(self) -> Test:
        if self._take("not"):
            self._undocumented("not")
            inner = self._term()
            return lambda row: not inner(row)
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise _wrong("a closing parenthesis is missing")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        path = self._next("word", "an attribute")
        operator = self._next("word", "an operator").lower()
        if operator == "pr":
            self._undocumented("pr")
            return lambda row: read(row, path) is not None
        if operator not in OPERATORS:
            raise _wrong(f"unknown operator {operator!r}")
        if operator not in DOCUMENTED:
            self._undocumented(operator)
        wanted = self._value()
        return lambda row: compare(operator, read(row, path), wanted)

    def _value(self) -> Any:
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")
        self._at += 1
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "number":
            return json.loads(text)
        if kind == "word" and text in WORDS:
            return WORDS[text]
        raise _wrong("a value is missing; texts stand in double quotes")

    def _take(self, word: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at][1].lower() == word
        self._at += found
        return found

    def _next(self, kind: str, name: str) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != kind:
            raise _wrong(f"{name} is missing")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _undocumented(self, word: str) -> None:
        if self._documented_only:
            raise _wrong(f"{word!r} is not supported")


def read(row: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise _wrong(f"character {position + 1} cannot be read")
        kind = str(match.lastgroup)
        found.append((kind, match.group(kind)))
        position = match.end()
    return found


def _wrong(reason: str) -> CleoError:
    return CleoError(400, f"Invalid filter: {reason}.")
