"""One step: the network that learns, what it makes small, the optimizer."""
