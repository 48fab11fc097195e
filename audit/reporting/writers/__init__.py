"""Writers, one file per format: `write(document, content)` returns bytes; `MEDIA_TYPE` says of what type."""
