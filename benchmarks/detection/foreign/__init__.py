"""Faults in pairs of files that other people's programs wrote, and what a comparison of any two files says of them."""
