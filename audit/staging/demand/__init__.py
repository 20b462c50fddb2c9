"""What somebody reads of the staged tables, found in the texts of views and checks: the rest is not staged."""
