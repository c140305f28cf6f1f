"""A collection → what it knows about itself: clusters of one object, copies, what lies around."""
