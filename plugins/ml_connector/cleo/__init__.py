"""Cleo Integration Cloud, Harmony and VLTrader: the way to and from the trading partners."""
