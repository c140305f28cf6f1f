"""What a step is shown: drawn, seen, made ahead by other processes."""
