"""VOUCHER_BUILD: the asynchronous message, its REST twin, the staging records and Voucher Build itself."""

from __future__ import annotations
