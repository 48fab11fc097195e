"""What is small and changes, and the journal. The only place that knows SQLAlchemy."""
