"""Bytes to inventories: what should be protected, as asset lists of companies and platforms tell it. One file per format; its file name is its id. No
network, no files."""
