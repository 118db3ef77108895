"""Table of the implemented IAM operations, by their names in AWS's model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from s3api.iam import api, managed_policies
from s3api.iam.api import Output

_HANDLERS: tuple[Callable[..., Awaitable[Output]], ...] = (
    api.create_user,
    api.get_user,
    api.list_users,
    api.update_user,
    api.delete_user,
    api.create_access_key,
    api.list_access_keys,
    api.update_access_key,
    api.delete_access_key,
    api.put_user_policy,
    api.get_user_policy,
    api.list_user_policies,
    api.delete_user_policy,
    api.get_account_summary,
    managed_policies.attach_user_policy,
    managed_policies.detach_user_policy,
    managed_policies.list_attached_user_policies,
    managed_policies.get_policy,
    managed_policies.get_policy_version,
    managed_policies.list_policies,
    api.list_groups_for_user,
    api.list_groups,
    api.list_roles,
)
ACTIONS: dict[str, Callable[..., Awaitable[Output]]] = {
    "".join(word.capitalize() for word in handler.__name__.split("_")): handler for handler in _HANDLERS
} | {"ListOpenIDConnectProviders": api.list_open_id_connect_providers}
