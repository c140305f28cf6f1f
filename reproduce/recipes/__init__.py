"""All recipes of local features on one benchmark: quality and cost together, kept in ``docs``."""
