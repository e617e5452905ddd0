"""Oracle PeopleSoft: the connection, the reader and what is particular to its data."""
