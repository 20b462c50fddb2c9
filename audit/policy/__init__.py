"""What a team demands of an audit: which checks run, what weighs how much, what is accepted, what must be known."""
