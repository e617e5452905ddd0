"""BILL (bill.com): the connection and the targets of its accounts payable objects."""
