"""An assessment to a document, a document to files."""
