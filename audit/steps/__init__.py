"""The verbs, one file each. Steps never print and never ask for the time: they take values and return values."""
