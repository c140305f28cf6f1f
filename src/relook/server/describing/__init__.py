"""A bounded pool of processes that decode and describe what was uploaded."""
