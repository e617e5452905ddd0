"""Simulators of the outside systems, for the demo, the tests and customers' dry runs.

They are strict and stateful: what a real system refuses, they refuse; what it silently does, they
do. Nothing here imports the product, and the product never imports this package.
"""

from __future__ import annotations
