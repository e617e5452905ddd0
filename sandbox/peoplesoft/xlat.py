"""Translate values: the texts a query shows instead of codes when its author chose so."""

from __future__ import annotations

TRANSLATIONS: dict[str, dict[str, str]] = {
    "ENTRY_STATUS": {
        "O": "Open", "P": "Postable", "R": "Recycle", "X": "Deleted", "M": "Modified",
        "D": "Defaulted (through batch defaults)", "E": "Edited by Batch Voucher module",
        "L": "Reviewed through Maintenance",
    },
    "APPR_STATUS": {"A": "Approved", "D": "Denied", "P": "Pending"},
    "POST_STATUS_AP": {"U": "Unposted", "P": "Posted", "N": "Payment Not Applied"},
    "MATCH_STATUS_VCHR": {
        "T": "To Be Matched", "M": "Matched", "E": "Match Exceptions Exist", "N": "Not Applicable",
        "O": "Manually Overridden", "C": "Overridden - Credit Note", "D": "Match Dispute",
    },
    "CLOSE_STATUS": {"O": "Open", "C": "Closed"},
    "VOUCHER_STYLE": {
        "REG": "Regular Voucher", "ADJ": "Adjustments", "CORR": "Reversal Voucher",
        "JRNL": "Journal Voucher", "PPAY": "Prepaid Voucher",
    },
    "PYMNT_SELCT_STATUS": {
        "N": "Not Selected for Payment", "R": "Requested for Payment", "I": "In Process - EFT",
        "P": "Paid", "X": "Canceled", "C": "Closed", "E": "Externally Paid", "Y": "Prepaid",
        "S": "Settlement Payment",
    },
    "PYMNT_ACTION": {
        "S": "Schedule Payment", "R": "Record a Payment", "P": "Prepayment Applied",
        "W": "Escheated Payment", "X": "Cancelled",
    },
    "PYMNT_HOLD": {"N": "No", "Y": "Yes"},
    "PYMNT_HOLD_REASON": {"ACC": "Accounting in Dispute", "AMT": "Amount in Dispute", "OTH": "Other"},
    "PYMNT_STATUS": {"P": "Paid", "V": "Void", "S": "Stopped", "R": "Replaced", "X": "Deleted"},
    "PYMNT_METHOD": {
        "ACH": "Automated Clearing House", "CHK": "System Check", "EFT": "Electronic Funds Transfer",
        "WIR": "Wire Transfer", "MAN": "Manual Check",
    },
    "PO_STATUS": {
        "I": "Initial", "O": "Open", "PA": "Pending Approval/Approved", "A": "Approved",
        "D": "Dispatched", "DA": "Denied", "LD": "Line Denied", "PX": "Pending Cancel",
        "C": "Complete", "X": "Canceled",
    },
    "PO_TYPE": {"GEN": "General", "KAN": "Kanban"},
    "VENDOR_STATUS": {
        "A": "Approved", "D": "Denied", "E": "Unapproved", "I": "Inactive", "X": "To Be Archived",
    },
    "VENDOR_CLASS": {"A": "Attorney", "E": "Employee", "H": "HCM", "R": "Outside Party"},
    "VENDOR_PERSISTENCE": {
        "O": "One Time", "P": "Permanent", "R": "Regular", "S": "Single Payment Supplier",
    },
    "JRNL_HDR_STATUS": {
        "N": "No Status - Needs to be Edited", "E": "Journal Has Errors",
        "V": "Valid Journal - Edits Complete", "P": "Posted to Ledger(s)", "I": "Posting Incomplete",
        "U": "Unposted", "T": "Journal Entry Incomplete", "D": "Deleted", "X": "Cancelled",
    },
    "EFF_STATUS": {"A": "Active", "I": "Inactive"},
    "ACCOUNT_TYPE": {"A": "Asset", "L": "Liability", "Q": "Equity", "R": "Revenue", "E": "Expense"},
}  # fmt: skip
