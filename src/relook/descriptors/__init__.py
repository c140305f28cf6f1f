"""Image → one vector (or a few): sizes, scales, batches."""
