"""Access tokens: a client's id and secret exchanged for the token that the requests of one walk carry.

OAuth 2.0 client credentials (RFC 6749, section 4.4) with a JSON body, as publishers of price lists ask for it. The
token lives in memory only.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx2

from brytpunkt.landing.body import MEGABYTE, Bounds, FetchError, decoded
from brytpunkt.landing.hosts import Credentials, check_url
from brytpunkt.publishers._shared.source import ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, Source

OK = 200
LARGEST_BYTES = MEGABYTE // 10


def exchange(
    client: httpx2.Client,
    source: Source,
    credentials: Credentials,
    deadline: float,
    refused: Callable[[httpx2.Response], FetchError],
) -> str:
    """Ask the source's ``token_url`` for an access token; raises ``FetchError`` if none comes."""
    check_url(source, source.token_url)
    body = {
        "grant_type": "client_credentials",
        "client_id": credentials.value(CLIENT_ID),
        "client_secret": credentials.value(CLIENT_SECRET),
    }
    with client.stream("POST", source.token_url, json=body) as answer:
        if answer.status_code != OK:
            raise refused(answer)
        encoding = answer.headers.get("content-encoding", "").lower()
        raw = b"".join(decoded(answer.iter_raw(), encoding, None, Bounds(LARGEST_BYTES, deadline)))
    try:
        token = json.loads(raw)[ACCESS_TOKEN]
    except (ValueError, TypeError, KeyError):
        token = None
    if not isinstance(token, str) or not token.strip():
        raise FetchError(f"the answer to the client's credentials has no {ACCESS_TOKEN}")
    return token.strip()
