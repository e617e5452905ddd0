"""X12: reading, writing and checking interchanges. Knows EDI and nothing else."""
