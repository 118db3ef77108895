"""How coroutines run: requests without a task of their own, and periodic background work."""
