"""Test the compose file on a container engine (`docker/test`). Takes minutes, hence not run by pytest."""
