"""Approved invoices of Basware as a source: read, stored, then acknowledged."""
