"""How well wrong pictures in classes are found, where the truth is known, and boxes drawn."""
