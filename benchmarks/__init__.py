"""Measurements of the product beside other engines; none of this is installed with it.

``python -m benchmarks.run`` runs them all. The other engines and the API that they work against
stand in a folder of their own, named by ``ML_BENCH``.
"""
