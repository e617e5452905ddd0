"""Component interfaces as SOAP services: WSDL, messages, faults and the edits behind them."""

from __future__ import annotations
