"""What is written of a fleet: a page, tables, a certificate, and the page of one tenant."""
