"""Master data out: what PeopleSoft keeps valid, and Basware offers to those who code invoices."""
