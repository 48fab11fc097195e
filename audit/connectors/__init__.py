"""Connectors: fetch raw bytes from tools and parse nothing of them. One file an API, and the folder is the registry (docs/connectors.md)."""
