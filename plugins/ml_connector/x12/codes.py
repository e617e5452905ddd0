"""What codes of answers mean, in plain words.

Lists of the standard's elements 720, 723, 718, 716, I18, 668 and 647 as far as partners use them; an
unknown code is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

SEGMENT_ERRORS: Mapping[str, str] = {  # AK304
    "1": "the segment id is unknown",
    "2": "nobody expects the segment here",
    "3": "the segment is missing",
    "4": "its loop occurs too often",
    "5": "the segment occurs too often",
    "6": "the segment is no part of this document",
    "7": "the segment stands in the wrong place",
    "8": "the segment has wrong elements",
}
ELEMENT_ERRORS: Mapping[str, str] = {  # AK403
    "1": "is missing",
    "2": "is missing, as another element requires it",
    "3": "is one too many",
    "4": "is too short",
    "5": "is too long",
    "6": "holds a character that is not allowed",
    "7": "is a code that the partner does not know",
    "8": "is no valid date",
    "9": "is no valid time",
    "10": "excludes another element that is there too",
    "12": "is repeated too often",
    "13": "has too many components",
}
SET_ERRORS: Mapping[str, str] = {  # AK502
    "1": "the partner does not take this kind of document",
    "2": "its end (SE) is missing",
    "3": "the control numbers at its beginning and end differ",
    "4": "its count of segments is wrong",
    "5": "it has segments in error",
    "6": "its document code (ST01) is missing or wrong",
    "7": "its control number (ST02) is missing or wrong",
    "8": "its authentication key name is unknown",
    "9": "its encryption key name is unknown",
    "10": "a requested security service is not available",
    "11": "the security recipient is unknown",
    "12": "its message length is wrong",
    "13": "its message authentication code is wrong",
    "23": "its control number occurs twice in the group",
}
GROUP_ERRORS: Mapping[str, str] = {  # AK905
    "1": "the partner does not take this kind of group",
    "2": "the partner does not take this version",
    "3": "the end of the group (GE) is missing",
    "4": "the control numbers at the group's beginning and end differ",
    "5": "the group's count of documents is wrong",
    "6": "the group's control number is no valid number",
    "19": "the group's control number was used before",
}
INTERCHANGE_ERRORS: Mapping[str, str] = {  # TA105
    "000": "no error",
    "001": "the control numbers at its beginning and end differ",
    "002": "the standard's identifier is not supported",
    "003": "the version is not supported",
    "004": "the segment terminator is invalid",
    "005": "the sender's qualifier is invalid",
    "006": "the sender's id is invalid",
    "007": "the receiver's qualifier is invalid",
    "008": "the receiver's id is invalid",
    "009": "the receiver is unknown",
    "010": "the authorization qualifier is invalid",
    "011": "the authorization information is invalid",
    "012": "the security qualifier is invalid",
    "013": "the security information is invalid",
    "014": "the date is invalid",
    "015": "the time is invalid",
    "016": "the standard's identifier is invalid",
    "017": "the version is invalid",
    "018": "the control number is invalid",
    "019": "the request for an acknowledgment is invalid",
    "020": "the test indicator is invalid",
    "021": "the count of groups is wrong",
    "022": "the control structure is invalid",
    "023": "the file ends too early",
    "024": "the content is invalid, e.g. a group's header",
    "025": "the control number was used before",
    "026": "the element separator is invalid",
    "027": "the component separator is invalid",
}
LINE_STATUS: Mapping[str, str] = {  # ACK01
    "AA": "sent on to another supplier",
    "AC": "accepted and shipped",
    "AR": "accepted and released for shipment",
    "BP": "shipped in part, the rest follows",
    "DR": "accepted, date moved",
    "IA": "accepted",
    "IB": "out of stock, will follow later",
    "IC": "accepted with changes",
    "ID": "deleted",
    "IE": "accepted, price not settled yet",
    "IF": "on hold, incomplete description",
    "IH": "on hold",
    "IP": "accepted, price changed",
    "IQ": "accepted, quantity changed",
    "IR": "rejected",
    "IS": "accepted, another item delivered instead",
    "IW": "on hold, credit limit",
    "R1": "rejected: the supplier does not deal with this product",
    "R2": "rejected: the product is invalid",
    "R3": "rejected: the unit is invalid",
    "R4": "rejected: the contract is over",
    "R5": "rejected: the shipping point is invalid",
    "R6": "rejected: the price is invalid",
    "R7": "rejected: the supplier gives no reason",
    "R8": "rejected: the pack is invalid",
    "SP": "accepted, delivery by schedule",
}
ACCEPTING = frozenset({"AC", "AR", "IA", "SP"})
"""ACK01 of lines that are delivered as ordered."""

REJECTING = frozenset({"ID", "IR", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"})
"""ACK01 of lines that are not delivered."""

HOLDING = frozenset({"IF", "IH", "IW"})
"""ACK01 of lines that are delivered only once something is settled."""

ADVICE_ERRORS: Mapping[str, str] = {  # TED01
    "006": "duplicate",
    "007": "something is missing",
    "008": "a value is out of range",
    "009": "a date is invalid",
    "010": "the total does not add up",
    "011": "it does not match what the partner holds",
    "012": "values do not go together",
    "024": "another reason, see the text",
    "107": "the location is invalid",
    "111": "the order number is a duplicate",
    "DUP": "duplicate",
    "POI": "the order number is invalid",
    "PPD": "the date is earlier than allowed",
    "QTY": "the quantity is wrong",
}


def plain(codes: Mapping[str, str], code: str) -> str:
    """The words for a code, or the code itself where nobody knows it."""
    return codes.get(code, f"code {code}" if code else "no code")
