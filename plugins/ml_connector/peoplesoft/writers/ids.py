"""Numbers of our own for objects of PeopleSoft: made from the document's key, so the same each time."""

from __future__ import annotations

from hashlib import sha256

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = f"0123456789{_LETTERS}"


def own_id(text: str, length: int) -> str:
    """A letter followed by letters and digits, the same for the same text.

    The letter keeps it apart from the numbers that PeopleSoft gives, which are digits.
    """
    number = int.from_bytes(sha256(text.encode()).digest())
    number, first = divmod(number, len(_LETTERS))
    characters = [_LETTERS[first]]
    while len(characters) < length:
        number, digit = divmod(number, len(_DIGITS))
        characters.append(_DIGITS[digit])
    return "".join(characters)
