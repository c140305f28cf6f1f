"""What a server knows of itself: numbers, and whether its collection is still there."""
