"""The faults, a module for each kind; importing a module registers what it defines."""
