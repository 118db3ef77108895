"""Steps that several operations share: parse inputs, check conditions, receive bytes, format answers."""
