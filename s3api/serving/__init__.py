"""The process of a gateway: the application, uvicorn's server and workers, background work, reloading."""
