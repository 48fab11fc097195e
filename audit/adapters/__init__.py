"""Bytes to facts. One file per tool format; its file name is its id. No network, no files."""
