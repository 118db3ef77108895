"""What several operations share: each module one step of them."""
