"""Figures, as ratios to named alternatives in one run. See __main__."""
