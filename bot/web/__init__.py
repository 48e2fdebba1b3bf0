"""The web process: it takes deliveries in, and tells how the service is."""
