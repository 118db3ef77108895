"""Who may do what: keys, principals, policies, ACLs, and the decision over them."""
