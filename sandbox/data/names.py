"""Word lists from which companies, places and descriptions are made."""

from __future__ import annotations

FIRST = (
    "Acme", "Harbor", "Summit", "Granite", "Lakeside", "Pioneer", "Cedar", "Atlas", "Beacon", "Union",
    "Northern", "Prairie", "Sterling", "Keystone", "Liberty", "Redwood", "Silver", "Falcon", "Orchard",
    "Müller & Söhne", "O'Brien", "Peña", "Smith & Wesley", "Côté",
)  # fmt: skip
SECOND = (
    "Supply", "Logistics", "Printing", "Electric", "Consulting", "Foods", "Plumbing", "Systems", "Tools",
    "Paper", "Catering", "Security", "Medical", "Software", "Landscaping", "Freight",
)  # fmt: skip
FORM = ("Inc", "LLC", "Co", "Corp", "Group", "Partners")
STREETS = ("Main St", "Oak Avenue", "Harbor Blvd", "2nd Street", "Mill Road", "Market St", "Rue de l'Église")
PLACES = (
    ("Boston", "MA", "02110", "USA"), ("San Jose", "CA", "95002", "USA"), ("Austin", "TX", "73301", "USA"),
    ("Newark", "NJ", "07102", "USA"), ("Chicago", "IL", "60601", "USA"), ("Denver", "CO", "80202", "USA"),
    ("Albany", "NY", "12207", "USA"), ("Toronto", "ON", "M5H 2N2", "CAN"),
)  # fmt: skip
EUROPEAN_PLACES = (
    ("München", "BY", "80331", "DEU"), ("Paris", "", "75001", "FRA"), ("London", "", "EC1A 1BB", "GBR"),
)  # fmt: skip
ITEMS = (
    "Office supplies", "Cleaning service", "Laptop computer", "Toner & paper", "Valve, 2in", "Freight",
    "Maintenance Q4", "Software licence", "Safety gloves", "Catering", "Legal services", "Rental, truck",
    "Coffee machine", "Network cable", 'Steel pipe 3/4"', "Training day",
)  # fmt: skip
