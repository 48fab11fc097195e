"""An agreement as a document that a unit's representative reads before signing."""
