"""Frames to controls to an assessment: the one loop that every question about compliance goes through."""
