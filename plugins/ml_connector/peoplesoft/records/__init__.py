"""Simple records that a site keeps in PeopleSoft: where an order stands, and what became of a partner."""
