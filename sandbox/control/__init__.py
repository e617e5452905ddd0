"""The control endpoint: look into the simulators, break them, move them on."""

from __future__ import annotations
