"""Photos that came by the server: received, named, kept in the collection's own folder."""
