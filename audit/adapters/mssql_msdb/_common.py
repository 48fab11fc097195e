"""What both tables have: columns that may be missing, who a database is, where a device is."""

from __future__ import annotations

import polars as pl

TAPE = "tape"


def column(raw: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column, or nothing where the table has none of that name."""
    return pl.col(name) if name in raw.columns else pl.lit(None, pl.String())


def yes(raw: pl.DataFrame, name: str) -> pl.Expr:
    """Return whether a column of bits says so."""
    return column(raw, name).str.to_lowercase().is_in(["1", "true"]).fill_null(value=False)


def identity(raw: pl.DataFrame) -> pl.Expr:
    """Return the id of a backup set."""
    return pl.coalesce(column(raw, "backup_set_uuid"), column(raw, "backup_set_id"))


def subject(raw: pl.DataFrame) -> pl.Expr:
    """Return which database a backup is of."""
    name = column(raw, "database_name")
    return pl.coalesce(column(raw, "server_name") + "/" + name, name)


def root(raw: pl.DataFrame) -> pl.Expr:
    r"""Return the root of a device: `\\nas\share`, `https://account/container`, `MACHINE C:`, else `tape`."""
    device = column(raw, "physical_device_name")
    lower = device.str.to_lowercase()
    machine = pl.coalesce(column(raw, "machine_name"), column(raw, "server_name"), pl.lit("server"))
    drive = device.str.extract(r"^([A-Za-z]:)").str.to_uppercase()
    return pl.coalesce(
        lower.str.extract(r"^(\\\\[^\\]+\\[^\\]+)"),
        lower.str.extract(r"^((?:https|s3)://[^/]+/[^/]+)/"),
        lower.str.extract(r"^((?:https|s3)://[^/]+)"),
        machine + " " + drive,
        # SQL Server on Linux writes paths of it.
        machine + " " + device.str.extract(r"^(/[^/]*)"),
        pl.when(device.str.starts_with(r"\\.\\")).then(machine + f" {TAPE}"),
    )
