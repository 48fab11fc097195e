"""Pages, one subject a file: each has a `BLUEPRINT`, and `NAV` (order, endpoint) where it stands in the navigation."""
