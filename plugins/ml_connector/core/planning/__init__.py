"""Dry runs and differences: what a run would do, field by field."""
