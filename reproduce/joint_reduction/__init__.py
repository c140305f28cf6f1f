"""Several vocabularies reduced together: table 5.2 and its figures, and ours beside them."""
