"""Access control: authorizes each request, as AWS does.

`decision.decide` answers for one action on one resource. It is pure, and decides in this order:

1. **Explicit deny in the bucket policy** (`policy.evaluate`). Only the root of the bucket's own account is
   exempt, for the three actions on the policy itself (`decision.BUCKET_POLICY_ACTIONS`).
2. **Explicit deny in a policy of the user** (`policy.evaluate_all`).
3. **Bucket owner**: the account's root needs no Allow, a user needs one in a policy of its own.
4. **Bucket policy, for users of the bucket's own account**: an Allow that names the user (or everybody) is
   enough. One that names only the account is not.
5. **ACL of the bucket or the object**, unless ObjectOwnership is BucketOwnerEnforced (`acl.find_grant`). A
   public access block may make it ignore public grants.
6. **Owner of the object**, where another account owns it and ACLs are in use.
7. **Bucket policy, for everybody else**, unless the public access block restricts a public policy. Users of
   another account need an Allow in a policy of their own as well (so do they in 5 and 6).
8. **Denied**, as nothing allowed it.

Steps 3, 4 and 7 are skipped for an action that the owner of an object decides
(`decision.OBJECT_OWNER_ACTIONS`) if the object belongs to another account than the bucket.

`decision.decide_without_bucket` answers for ListBuckets, CreateBucket and IAM; `decision.decide_with_write`
for the ACL and tags that a write sets. `authority` loads what these need and raises AccessDenied; `actions`
lists the permissions that each operation requires; `context` and `body_keys` look up condition keys.
`keys` finds key pairs and their callers; `denials` records refusals for `sixfold explain`.
"""
