"""How coroutines run: their first step in place, and work that repeats."""
