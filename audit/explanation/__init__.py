"""What the checks mean, told to people from the check files themselves."""
