"""Engines: run transactions on a database, SQLite or PostgreSQL. `runner` states what an engine must do."""
