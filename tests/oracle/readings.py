"""Readings: where docs/definitions.md leaves more than one way, the one that the oracle takes, each in one place so that it can be settled.

True is the reading taken. When the page is made to say otherwise, change it here, and the hand-made case that shows it.
"""

MEDIA_ALWAYS_WITH_PRODUCTION = False
"""Section 8 says of media `with production's medium`, without the `when production` that it says of count (design.md 5: `media likewise`)."""

TRUST_ENDS_WITH_POSSIBILITY = True
"""Section 2, Job: a job's point is not surely present where it is not even possibly so (a complete listing disproves it within trust_jobs_for)."""

UNDECLARED_IS_NOT_OFFLINE = False
"""Sections 6 and 8: an undeclared repository has a medium, site and failure domain of its own in the possible world, but is not offline in any."""

NOTHING_ASKED_IS_MET = True
"""Sections 5 and 8: a leg that asks for 0 is met also where the asset has no pair."""

GRACE_ALONE_IS_NOT_APPLICABLE = True
"""Section 6: where all of T is grace, nothing was judged."""
