"""Other networks that say what they see."""
