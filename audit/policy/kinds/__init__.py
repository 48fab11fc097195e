"""The kinds of files of a programme, one module each: `ITEM` is the model of what it holds.

A module's name is the file's name and the key of its list (`units.yaml`, `units:`). A kind whose whole file is one thing says
`WHOLE = True`; one that may be spread over several files says the pattern of their names as `FILES`.
"""
