"""DataKeys over a key service that counts its calls."""

from __future__ import annotations

import base64
from pathlib import Path

import orjson
import pytest

from s3api.crypto import ContentKey, Tampered
from s3api.crypto.envelope import Mode, read_envelope
from s3api.crypto.wrapping import Context
from s3api.errors import S3Error
from s3api.kms import DataKey, DataKeys, EncryptionRequest, KeyFile, LocalKeys

ARN, BUCKET = "arn:aws:s3:::b/k", "arn:aws:s3:::b"


class Counting(LocalKeys):
    def __init__(self, file: KeyFile) -> None:
        super().__init__(file)
        self.asked: list[str] = []

    async def generate(self, name: str | None, context: Context) -> DataKey:
        self.asked.append("generate")
        return await super().encrypt(name, ContentKey.new().secret, context)

    async def decrypt(self, key: str, wrapped: bytes, context: Context) -> bytes:
        self.asked.append("decrypt")
        return await super().decrypt(key, wrapped, context)


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "kms.json", region="us-east-1")


REQUESTS = [
    EncryptionRequest(Mode.S3),
    EncryptionRequest(Mode.KMS, ARN, BUCKET),
    EncryptionRequest(Mode.KMS, ARN, BUCKET, context={"dept": "x"}),
    EncryptionRequest(Mode.KMS, ARN, BUCKET, bucket_key=True),
    EncryptionRequest(Mode.CUSTOMER, customer_key=b"c" * 32),
]


@pytest.mark.parametrize("wanted", REQUESTS, ids=str)
async def test_a_sealed_data_key_opens_from_its_envelope_as_it_is_kept(
    file: KeyFile, wanted: EncryptionRequest
) -> None:
    content, envelope = await DataKeys(file).wrap(wanted)
    kept = orjson.dumps(envelope.document())
    assert base64.b64encode(content.secret) not in kept
    opened = await DataKeys(file).unwrap(read_envelope(orjson.loads(kept)), wanted.customer_key)
    assert opened.secret == content.secret


@pytest.mark.parametrize("wanted", REQUESTS, ids=str)
async def test_a_data_key_is_wrapped_anew_as_another_wishes(file: KeyFile, wanted: EncryptionRequest) -> None:
    data_keys = DataKeys(file)
    content, old = await data_keys.wrap(EncryptionRequest(Mode.S3))
    same, new = await data_keys.wrap(wanted, content)
    assert same.secret == content.secret
    assert new.data_key != old.data_key
    assert (await data_keys.unwrap(new, wanted.customer_key)).secret == content.secret


async def test_the_context_names_the_object_or_with_a_bucket_key_the_bucket(file: KeyFile) -> None:
    data_keys = DataKeys(file)
    _, one = await data_keys.wrap(EncryptionRequest(Mode.KMS, ARN, BUCKET, context={"dept": "x"}))
    assert one.context == {"dept": "x", "aws:s3:arn": ARN}
    _, two = await data_keys.wrap(EncryptionRequest(Mode.KMS, ARN, BUCKET, bucket_key=True))
    assert two.context == {"aws:s3:arn": BUCKET}


async def test_a_customers_key_that_is_not_the_right_one_opens_nothing(file: KeyFile) -> None:
    data_keys = DataKeys(file)
    _, envelope = await data_keys.wrap(EncryptionRequest(Mode.CUSTOMER, customer_key=b"c" * 32))
    for wrong in (b"d" * 32, b"", None):
        with pytest.raises(Tampered):
            await data_keys.unwrap(envelope, wrong)


async def test_a_bucket_key_spares_the_key_service(file: KeyFile) -> None:
    service = Counting(file)
    data_keys = DataKeys(file, service)
    wanted = EncryptionRequest(Mode.KMS, ARN, BUCKET, bucket_key=True)
    made = [await data_keys.wrap(wanted) for _ in range(20)]
    assert service.asked == ["generate"]
    assert len({content.secret for content, _ in made}) == 20
    other = DataKeys(file, service)
    for content, envelope in made:
        assert (await other.unwrap(envelope)).secret == content.secret
    assert service.asked == ["generate", "decrypt"]
    await data_keys.wrap(EncryptionRequest(Mode.KMS, ARN, "arn:aws:s3:::another", bucket_key=True))
    assert service.asked == ["generate", "decrypt", "generate"]


async def test_without_one_each_object_is_a_question(file: KeyFile) -> None:
    service = Counting(file)
    data_keys = DataKeys(file, service)
    for _ in range(3):
        _, envelope = await data_keys.wrap(EncryptionRequest(Mode.KMS, ARN, BUCKET))
        await data_keys.unwrap(envelope)
    assert service.asked == ["generate", "decrypt"] * 3


async def test_an_envelope_of_another_bucket_key_is_refused(file: KeyFile) -> None:
    data_keys = DataKeys(file)
    _, one = await data_keys.wrap(EncryptionRequest(Mode.KMS, ARN, BUCKET, bucket_key=True))
    _, two = await data_keys.wrap(
        EncryptionRequest(Mode.KMS, ARN, BUCKET, context={"a": "b"}, bucket_key=True)
    )
    mixed = type(one)(one.mode, two.data_key, one.key, one.context, one.bucket_key)
    with pytest.raises(S3Error) as refused:
        await data_keys.unwrap(mixed)
    assert refused.value.code == "KMS.KMSInvalidStateException"
