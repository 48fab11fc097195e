"""Kinds of register records: what people agree, state, try and decide. One file a kind, found by its name.

A module has
- `ACTS`: the acts that make and change a record, by name (`audit.register.records._record.Act`), which is its whole table of states;
- `COLUMNS`: what its rows hold beside `audit.model.records.RECORD`, column by type;
- `rows(record)`: the rows of a record in its present state, as controls see them.
Its first paragraph says what such a record is.
"""
