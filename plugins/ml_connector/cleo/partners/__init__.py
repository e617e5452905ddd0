"""The partners of a tenant: who they are, and what each of them expects."""
