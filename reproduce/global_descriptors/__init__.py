"""What pooling, whitening, scales and dimension are worth: one table, kept in ``docs``."""
