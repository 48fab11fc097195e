"""backup-audit: evidence of backups in, exact verdicts and documents out."""

__version__ = "0.1.0"
