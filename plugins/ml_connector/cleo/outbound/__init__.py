"""Documents of PeopleSoft to trading partners: purchase orders and invoices, as X12 or JSON, through Cleo."""
