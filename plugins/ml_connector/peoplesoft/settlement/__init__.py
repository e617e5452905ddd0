"""What BILL paid becomes an entry in PeopleSoft's books: the target of the flow ``bill.payments``."""
