"""Files of invoices: fetched once their voucher exists, and kept where the tenant says."""
