"""Basware P2P: the connection, the client of its open API, and the webhooks that it sends."""
