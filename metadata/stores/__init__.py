"""The subjects of `Metadata`: one small class each, one method per transaction.

A store holds nothing but the runner. Each method checks its keys and has the runner run one transaction of
`metadata.transactions`; the attribute of `Metadata` that reaches it is named in the class's docstring.
"""
