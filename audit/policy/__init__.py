"""The programme: what people declared in YAML and CSV, its faults with file and line, and the estate that follows from it."""
