"""Ranking → verdict: votes, similarity matrices, and a calibrated “none of these”."""
