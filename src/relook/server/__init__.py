"""A collection as a server: a REST interface, and a page for people."""
