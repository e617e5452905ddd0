"""The state database: engine, tables, migrations and payload encryption."""
