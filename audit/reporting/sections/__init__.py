"""Sections of reports, one file each: `section(assessment, context)` returns blocks. Pure: the same in, the same out."""
