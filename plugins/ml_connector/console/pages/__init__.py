"""One module for each page: its address, its parameters and its template."""
