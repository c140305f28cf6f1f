"""Classes learned in some domains and said in another: a table of a thesis, and ours beside it."""
