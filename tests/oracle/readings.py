"""Readings: where docs/definitions.md leaves more than one way, the one that the oracle takes, each in one place so that it can be settled.

When the page is made to say otherwise, change it here, and the hand-made case that shows it.
"""

MEDIA_ALWAYS_WITH_PRODUCTION = False
"""Section 8 says of media `with production's medium`, without the `when production` that it says of count; design.md 5 says `media likewise`.
False: only when production counts, under which both pages are right."""

TRUST_ENDS_WITH_POSSIBILITY = True
"""Section 2, Job: within trust_jobs_for a complete listing may disprove the point. True: it is not surely present where it is not possibly so."""

NOTHING_ASKED_IS_MET = True
"""Sections 5 and 8: without a pair every control is unproven; a leg that asks for 0 is met without any copy. True: the second wins."""

GRACE_ALONE_IS_NOT_APPLICABLE = True
"""Section 6: where all of T is grace, nothing was judged. True: not-applicable, as for an empty T; an empty set is never met."""
