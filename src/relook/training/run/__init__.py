"""Step after step: set up, logged, kept, validated, continued."""
