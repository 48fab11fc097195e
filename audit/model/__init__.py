"""What the world is: facts, time, presence, chains, intervals, verdicts, documents. No I/O, no globals, no clock."""
