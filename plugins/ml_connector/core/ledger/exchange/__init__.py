"""What was exchanged as EDI: control numbers, stored bytes, and which document each transaction set is."""
