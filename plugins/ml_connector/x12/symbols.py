"""Letters and signs in characters that every partner has.

What a sign says must survive, above all beside a number: without its sign a micrometre is a metre. What
has no equivalent becomes a question mark, which a person notices.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

LOST = "?"
"""Stands for what has no equivalent."""

# What Unicode does not decompose into ASCII by itself, or not in its sense.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4", "'"),  # quotes, prime, acute accent
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022\u00b7", "-"),  # dashes, bullets
        **dict.fromkeys("\u2044\u2215", "/"),  # fraction and division slash
        **dict.fromkeys("\u00b0\u02da", " DEG "),
        **dict.fromkeys("\u00b5\u03bc", "u"),  # micro
        **dict.fromkeys("\u03a9\u2126", "OHM"),
        **dict.fromkeys("\u2264\u2266\u2a7d", "<="),
        **dict.fromkeys("\u2265\u2267\u2a7e", ">="),
        "\u2260": " NOT = ",  # Unicode decomposes it into = and a stroke
        "\u2248": " APPROX. ",
        "\u00b1": "+/-",
        "\u00d7": "x",  # multiplied by
        "\u2300": " DIA ",
        "\u00ae": "(R)",
        "\u00a9": "(C)",
        "ß": "ss",
        "ẞ": "SS",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "TH",
        "\u0131": "i",  # without its dot
        "÷": "/",
        "€": "EUR",
        "£": "GBP",
        "¥": "JPY",
    }
)
_STROKES = frozenset("\u0335\u0336\u0337\u0338\u20d2\u20d3")
"""Combining signs that negate what they stand on."""

_FRACTION = "[\u00bc-\u00be\u2150-\u215f\u2189]"
_IN_PLACE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"(?<=\d)(?={_FRACTION})|(?<={_FRACTION})(?=\d)"), " "),  # 2½ is not 21/2
    (re.compile("(?<=[0-9])(?=[\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207a\u207b])"), "^"),  # nor 10³ 103
    (re.compile("(?<=[0-9])\\s?[\u00b7\u2022\u2219\u22c5]\\s?(?=[0-9])"), LOST),  # a product, or a point
    (re.compile("[\u00d8\u00f8](?=\\s?[0-9])"), " DIA "),  # the letter in place of the sign
)

_SPELLED: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("+/", re.compile(r"\+/-"), " PLUS OR MINUS "),
    ("<=", re.compile(r"<="), " AT MOST "),
    (">=", re.compile(r"(?<![-=])>="), " AT LEAST "),
    ("<", re.compile(r"<(?=\s?[0-9.+-])"), " BELOW "),
    (">", re.compile(r"(?<![-=<])>(?=\s?[0-9.+-])"), " ABOVE "),
    ("%", re.compile(r"%"), " PCT "),
    ("@", re.compile(r"@"), " AT "),
    ("*", re.compile(r"(?<=[0-9])\s?\*\s?(?=[0-9])"), "x"),
    ("^", re.compile(r"(?<=[0-9])\^(?=[0-9-])"), " EXP "),
)
"""Signs, where they stand, and the words for them where a partner cannot take one of the signs."""

_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[^0-9A-Za-z\s](?=[0-9])")


def to_ascii(text: str) -> str:
    """The nearest letters and signs; runs of blanks may remain."""
    for pattern, sign in _IN_PLACE:
        text = pattern.sub(sign, text)
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(map(_ascii, decomposed.translate(_PLAIN)))


def spell_out(text: str, writes: Callable[[str], bool]) -> str:
    """Words for signs that cannot be written.

    Args:
        text: may have other characters that cannot be written; they are left alone.
        writes: whether all of these characters can be written.
    """
    for signs, pattern, words in _SPELLED:
        if not writes(signs):
            text = pattern.sub(words, text)
    return _BETWEEN_DIGITS.sub(lambda found: found[0] if writes(found[0]) else LOST, text)


def _ascii(one: str) -> str:
    if one.isascii():
        return one
    if unicodedata.combining(one):
        return LOST if one in _STROKES else ""
    return " " if one.isspace() or unicodedata.category(one) in {"Cc", "Cf"} else LOST
