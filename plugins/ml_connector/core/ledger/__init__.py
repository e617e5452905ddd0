"""The ledger: what is known of every document, and the rules by which it changes.

Functions take an open transaction or connection and do one thing; stages decide when.
"""
