"""Which names are those of secrets."""

from __future__ import annotations

import pytest

from mock_server.worlds.secret_names import is_secret

SECRETS = (
    "X-Auth-Token",
    "Api-Key",
    "X-Api-Key",
    "apikey",
    "apiKey",
    "APIKey",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Goog-Api-Key",
    "Ocp-Apim-Subscription-Key",
    "Private-Token",
    "X-Vault-Token",
    "X-CSRF-Token",
    "Authorization",
    "X-Authorization",
    "X-Auth-Key",
    "DPoP",
    "access_token",
    "refreshToken",
    "id_token",
    "token",
    "password",
    "passwd",
    "newPassword",
    "user[password]",
    "client_secret",
    "clientSecret",
    "secretAccessKey",
    "private_key",
    "X-Session-Id",
    "session_token",
    "credentials",
    "assertion",
    "code_verifier",
    "cvc",
    "pwd",
    "X-Auth",
    "jwt",
)
OTHERS = (
    "X-Request-Id",
    "Idempotency-Key",
    "X-RateLimit-Remaining-Tokens",
    "RateLimit-Limit",
    "Sec-WebSocket-Key",
    "max_tokens",
    "total_tokens",
    "token_type",
    "token_endpoint",
    "password_policy",
    "public_key",
    "key",
    "keyword",
    "author",
    "authority",
    "compass",
    "passenger",
    "country_code",
    "secretary",
    "monkey",
    "tokenizer",
    "Accept",
    "session_count",
    "www-authenticate",
    "traceparent",
    "X-Forwarded-For",
    "name",
    "",
)


@pytest.mark.parametrize("name", SECRETS)
def test_name_with_word_that_says_so_is_that_of_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", OTHERS)
def test_other_names_are_not(name: str) -> None:
    assert not is_secret(name)
