"""How a partner answers: words, several of them together (`"reject late"`, `"price freight lf"`).

`late` waits for `late_hours`, `twice` sends once more under new control numbers, `again` the same file once
more, `never` nothing at all.
"""

from __future__ import annotations

MANNER = ("late", "twice", "again", "never")
WORDS = {
    "acknowledgment": (
        "accept", "errors", "reject", "partial", "group_reject", "without_ak2", "contradicting",
        "unknown_group", "report", "report_reject", *MANNER,
    ),
    "response": ("accept", "change", "partial", "reject", *MANNER),
    "invoice": (
        "exact", "price", "quantity", "part", "freight", "tax", "discount", "credit", "negative_credit",
        "duplicate", "same_number", "wrong_order", "no_order", "no_line", "wrong_line", "dollars", "each",
        "header_only", "bad_total", "other_currency",
        "lf", "bom", "unterminated", "pipe", "indented", "collapsed", "old_repetition", "non_ascii",
        "two_interchanges", "mixed", "wrong_se", "wrong_ge", "wrong_iea", "no_se", *MANNER,
    ),
    "advice": ("accept", "errors", "reject", *MANNER),
}  # fmt: skip


def words(kind: str, text: str) -> frozenset[str]:
    """The words of a behaviour. Raises ``ValueError`` for one that is not known."""
    found = frozenset(text.replace(",", " ").split())
    if unknown := found - set(WORDS[kind]):
        raise ValueError(f"{kind} knows {', '.join(WORDS[kind])}, not {', '.join(sorted(unknown))}")
    return found
