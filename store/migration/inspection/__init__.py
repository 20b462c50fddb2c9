"""Looking at a file without writing: its shape, its state, damage, and what lies beside the turns."""
