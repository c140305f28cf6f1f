"""What routes take of a request: the service, pictures and filters; and that a client left."""
