"""The process of a gateway: the application, the HTTP server, reload, background tasks, tracing."""
