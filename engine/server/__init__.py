"""The HTTP server on the loopback interface: access control, routes, startup and shutdown."""
