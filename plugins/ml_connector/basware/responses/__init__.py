"""What PeopleSoft made of invoices, told to Basware: transfer responses and payment responses."""
