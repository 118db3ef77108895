"""SQLite: the runner, the lock that writers share, and the WAL-index."""
