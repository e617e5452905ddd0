"""Invoices of suppliers against PeopleSoft's purchase orders and receipts."""
