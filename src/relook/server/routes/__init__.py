"""The REST interface, a file for each thing that is asked about."""
