"""Generation of key pairs and accounts."""

from __future__ import annotations

import secrets
from string import ascii_letters, ascii_uppercase, digits

from metadata.ids import now_us
from metadata.records import AccessKey, Account

# The canonical user id of the first account, as S3 writes such ids: SHA-256 of "sixfold root account".
ROOT_OWNER = "6708642f4aa68d43e8fbfd68808296a0132fdece06d2b218f71530cbe2452969"
ROOT_NAME = "sixfold"
ACTIVE, INACTIVE = "active", "inactive"
_ALPHABET = ascii_uppercase + "234567"


def new_key_pair(owner: str = ROOT_OWNER, user: str | None = None) -> AccessKey:
    """Generate a random key pair of AWS's lengths: 20 and 40 characters, 90 and 238 bits. Safe in shells."""
    return key_pair("SF" + _random(_ALPHABET, 18), _random(ascii_letters + digits, 40), owner, user)


def key_pair(access_key: str, secret_key: str, owner: str = ROOT_OWNER, user: str | None = None) -> AccessKey:
    return AccessKey(access_key, secret_key, owner, ACTIVE, now_us(), user)


def new_account(name: str, email: str | None = None, canonical: str | None = None) -> Account:
    """Make an account; its canonical id is random unless `canonical` is given."""
    id_ = canonical or secrets.token_hex(32)
    return Account(id_, account_number(id_), name, email, now_us())


def first_account() -> Account:
    """Make the account of the root key pair that `serve` generates, under its first name."""
    return new_account(ROOT_NAME, None, ROOT_OWNER)


def account_number(canonical: str) -> str:
    """Derive an account number (twelve digits) from a canonical id, so that no counter is needed."""
    return f"{int(canonical[:15], 16) % 10**12:012d}"


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
