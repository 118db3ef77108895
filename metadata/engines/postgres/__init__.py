"""PostgreSQL: the runner, its connections and its pool."""
