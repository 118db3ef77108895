"""Open stores that earlier versions wrote."""
