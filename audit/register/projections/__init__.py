"""Tables that repeat what journal entries say, so that it can be asked for. One module a kind of entry, named like the kind.

A module has `TABLE` and `row(entry) -> dict` with the values of the entry's row. Its table's key is the entry's number.
"""
