"""/api/users and /api/explain."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from tests.gateway_process import GatewayProcess

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("users") / "data") as process:
        yield process


@pytest.fixture
def client(own: GatewayProcess) -> Iterator[httpx.Client]:
    pair = (own.access_key, own.secret_key)
    with httpx.Client(base_url=own.endpoint, auth=pair, trust_env=False) as client:
        yield client


def test_a_key_pair_is_wanted_on_this_machine_too(own: GatewayProcess) -> None:
    for path in ("/api/users", "/api/explain/X"):
        assert httpx.get(own.endpoint + path, trust_env=False).status_code == 401


def test_a_user_from_first_to_last(own: GatewayProcess, client: httpx.Client) -> None:
    made = client.post("/api/users", json={"name": "zoe", "path": "/team/"})
    assert (made.status_code, made.json()["arn"].endswith(":user/team/zoe")) == (201, True)
    assert client.post("/api/users", json={"name": "ZOE"}).status_code == 409
    key = client.post("/api/users/zoe/keys").json()
    s3 = boto3.client(
        "s3",
        endpoint_url=own.endpoint,
        aws_access_key_id=key["access_key"],
        aws_secret_access_key=key["secret_key"],
        region_name="us-east-1",
    )
    with pytest.raises(ClientError) as refused:
        s3.list_buckets()
    request_id = refused.value.response["ResponseMetadata"]["RequestId"]
    (told,) = client.get(f"/api/explain/{request_id}").json()["refusals"]
    assert told["principal"].endswith(":user/team/zoe")
    assert told["action"] == "s3:ListAllMyBuckets"
    assert client.get("/api/explain/0000").status_code == 404
    assert client.put("/api/users/zoe/policies/all", json=POLICY).status_code == 204
    assert client.get("/api/users/zoe/policies/all").json() == POLICY
    s3.list_buckets()
    user = client.get("/api/users/zoe").json()
    assert user["policies"] == ["all"]
    assert user["keys"] == [{"access_key": key["access_key"], "status": "Active"}]
    assert [each["name"] for each in client.get("/api/users").json()["users"]] == ["zoe"]
    assert client.delete("/api/users/zoe").json()["code"] == "DeleteConflict"
    assert client.delete("/api/users/zoe/policies/all").status_code == 204
    assert client.delete(f"/api/users/zoe/keys/{key['access_key']}").status_code == 204
    assert client.delete("/api/users/zoe").status_code == 204
    assert client.get("/api/users/zoe").status_code == 404


def test_a_bad_policy_is_refused_in_awss_words(client: httpx.Client) -> None:
    client.post("/api/users", json={"name": "adam"})
    answer = client.put("/api/users/adam/policies/p", json={"Statement": []})
    assert (answer.status_code, answer.json()["code"]) == (400, "MalformedPolicyDocument")
    assert client.put("/api/users/nobody/policies/p", json=POLICY).status_code == 404


def test_users_keys_do_not_open_rest(own: GatewayProcess, client: httpx.Client) -> None:
    client.post("/api/users", json={"name": "eve"})
    key = client.post("/api/users/eve/keys").json()
    answer = httpx.get(
        f"{own.endpoint}/api/users", auth=(key["access_key"], key["secret_key"]), trust_env=False
    )
    assert answer.status_code == 403
