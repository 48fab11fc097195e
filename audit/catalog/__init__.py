"""The catalog: recovery points, runs and listings as Delta tables, a projection of vault and journal that `rebuild` recreates."""
