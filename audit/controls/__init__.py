"""Columns to verdicts. One file per control: its objectives' schema, its function, its message keys."""
