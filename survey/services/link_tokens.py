"""Tokens of links, be they for accounts or for taking part."""

import hashlib
import secrets


def token_draw() -> str:
    """256 random bits, as a part of an address."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the database keeps: SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()
