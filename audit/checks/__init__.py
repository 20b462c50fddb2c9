"""What a check is: its file, the catalogue of all of them, and running them."""
