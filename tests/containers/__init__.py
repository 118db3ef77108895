"""`docker/test`: the compose file on a container engine. No part of pytest's run: it takes minutes."""
