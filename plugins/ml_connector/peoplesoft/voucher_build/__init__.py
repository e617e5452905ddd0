"""Vouchers through Voucher Build: a message is taken in at once, and a batch decides about it later."""
