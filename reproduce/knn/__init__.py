"""Recognition by neighbors: the tables of a thesis, and ours beside them, kept in ``docs``."""
