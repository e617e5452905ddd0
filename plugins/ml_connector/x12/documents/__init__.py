"""Business documents: data classes to segments, and transaction sets to data classes.

What a document means to PeopleSoft or to a partner is decided elsewhere; here are only the places that
the standard gives to each value. Amounts are Decimal, dates ``YYYY-MM-DD``, identifiers text.
"""
