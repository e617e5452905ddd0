"""What the pages show, asked of the ledger."""
