"""What happened when: the lanes of conversations with findings, and the history by period."""
