"""backup-audit: evidence of backups in, exact verdicts and documents out."""

import os

__version__ = "0.1.0"

# Polars' allocator (jemalloc) reads this when Polars is loaded, which is after this module. As it comes it gives pages of large columns back at once and asks for them again: a fifth
# of an assessment, and a third of a large what-if, went into that. One arena for each core keeps them for three seconds instead, and the peak of memory stays the same.
os.environ.setdefault(
    "_RJEM_MALLOC_CONF", f"narenas:{os.cpu_count() or 1},oversize_threshold:0,dirty_decay_ms:3000,muzzy_decay_ms:0"
)
