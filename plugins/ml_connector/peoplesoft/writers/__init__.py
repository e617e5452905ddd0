"""Writing to PeopleSoft through component interfaces: vouchers, journals, suppliers, purchase orders."""
