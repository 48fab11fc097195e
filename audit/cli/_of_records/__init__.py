"""What kinds of records have besides their acts, `list` and `show`: a file a kind, whose `COMMANDS` its command takes in."""
