"""The product against other engines: vouchers from a paged API, one bill per call to another.

The API is nobody's. Source, target, dataset and mapping stand here, outside the package: a
destination can be added without touching it.
"""
