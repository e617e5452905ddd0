"""Units of measure: PeopleSoft's codes as X12's.

PeopleSoft delivers three-letter codes and lets each site add its own; X12 (data element 355) has two
letters, and some of PeopleSoft's two-letter codes mean something else there: ``CS`` is a cassette.
So a code goes out only where a table says what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ml_connector.core.errors import Rejected

DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        # pieces and packages
        "EA": "EA", "BAG": "BG", "BG": "BG", "BOX": "BX", "BX": "BX", "BTL": "BO", "CAN": "CN", "CS": "CA",
        "CTN": "CT", "DOZ": "DZ", "DZ": "DZ", "DRM": "DR", "JAR": "JR", "KIT": "KT", "LOT": "LO", "PAL": "PL",
        "PK": "PK", "PKG": "PK", "PR": "PR", "RL": "RL", "ROL": "RO", "SET": "ST", "SHT": "SH",
        # weight
        "GRM": "GR", "KG": "KG", "KGM": "KG", "LB": "LB", "LBR": "LB", "LBS": "LB", "OZ": "OZ", "ONZ": "OZ",
        "TON": "TN",
        # length, area, volume
        "CMT": "CM", "FT": "FT", "FOT": "FT", "IN": "IN", "INH": "IN", "MMT": "MM", "MTR": "MR", "YD": "YD",
        "YRD": "YD", "FTK": "SF", "SF": "SF", "GAL": "GA", "LTR": "LT", "PT": "PT", "QT": "QT",
        # time
        "DAY": "DA", "HR": "HR", "HUR": "HR", "MO": "MO", "MON": "MO", "WK": "WK", "YR": "YR",
    }
)  # fmt: skip
"""PeopleSoft's code to X12's. A partner's file adds to it and may say otherwise."""


def to_x12(code: str, own: Mapping[str, str], *, line: str, setting: str) -> str:
    """The unit as the partner reads it.

    Args:
        own: the partner's own table, which goes first.
        line: number of the line, for the message.
        setting: where the partner's table stands, for the message.

    Raises:
        Rejected: no table has the code.
    """
    found = own.get(code) or DEFAULTS.get(code)
    if found is None:
        raise Rejected(
            f"line {line} is ordered in a unit of measure that has no X12 code here; "
            f"add it to {setting} in the partner's file, for instance {code}: EA",
            field=f"lines[{line}].unit",
            value=code,
        )
    return found
