"""Access and duties: a signed statement says that it holds (docs/definitions.md, "attested controls")."""

from audit.controls._attested import attested

OBJECTIVES, evaluate, doubts, said_by, kept_by = attested("access")
