"""Suppliers and cost objects for Cleo, and a report where the two sides do not agree."""
