"""Long work of the server: one writer, progress that others can follow."""
