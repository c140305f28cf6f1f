"""Pictures seen anew: single changes that can be composed, and whole views as of a camera."""
