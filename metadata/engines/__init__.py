"""How a transaction reaches a database: one runner for each engine."""
