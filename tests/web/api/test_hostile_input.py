"""Hostile input on `/api/v1`: a 4xx with the one error body, nothing changed, Confluence not asked."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import requests

from lockpoint.web.api.request_body import LARGEST_BODY
from simulator.world.seed import BOB
from tests.web.api.document import CheckedApi, refusal
from tests.web.live_app import Json, LiveApp, request_id

JSON = "application/json"
WRITES: dict[str, tuple[str, str, Callable[[str], Json]]] = {
    "acquire": ("POST", "lock", lambda _: {}),
    "release": ("POST", "lock/release", lambda lock: {"lockId": lock}),
    "extend": ("POST", "lock/extend", lambda lock: {"lockId": lock}),
    "break": ("POST", "lock/break", lambda lock: {"lockId": lock, "reason": "x"}),
    "take over": ("POST", "lock/take-over", lambda lock: {"lockId": lock, "reason": "x"}),
    "ask": ("PUT", "notify-me", lambda _: {}),
    "cancel": ("DELETE", "notify-me", lambda _: {}),
    "request": ("POST", "lock/request", lambda lock: {"lockId": lock}),
    "cancel request": ("POST", "lock/cancel-request", lambda lock: {"lockId": lock}),
    "decline": ("POST", "lock/decline", lambda lock: {"lockId": lock, "accountId": BOB}),
    "hand over": ("POST", "lock/hand-over", lambda lock: {"lockId": lock, "accountId": BOB}),
}
ASKED = {"cancel request", "decline", "hand over"}
NULLABLE = {("extend", "unlockOnUpload"), ("hand over", "reason")}
ACTORS = {"release": "alice", "extend": "alice", "break": "dana", "take over": "dana", "ask": "bob", "cancel": "bob",
          "request": "bob", "cancel request": "bob"}  # fmt: skip

WRONG_FIELDS: dict[str, list[object]] = {
    "requestId": [
        None,
        1,
        True,
        [],
        {},
        "",
        "short",
        "x" * 65,
        "x" * 10_240,
        "with space and more",
        "néw-request-id-1",
        "0123456789abcdef\n",
        "0123456789abcde\0",
        "\ud800" * 20,
        "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10\uff11\uff12\uff13\uff14\uff15\uff16",
        "../../../../etc/passwd",
    ],
    "lockId": [
        None,
        1,
        [],
        "",
        "0" * 31,
        "0" * 33,
        "0" * 10_240,
        "A" * 32,
        "\uff10" * 32,
        "0" * 31 + "\n",
        "\udc00" * 32,
        "0" * 31 + "\0",
    ],
    "hours": [0, -1, -(2**63), 8761, 2**63, 10**400, 1.5, 1.0, "1", "\uff11", True, [], {}, 1e308],
    "seenVersion": [0, -1, 1.5, "1", True, [], -(10**30)],
    "seenVersionCreated": [
        1772442000,
        1.5,
        True,
        "",
        "yesterday",
        "1772442000",
        "2026-03-02T09:00:00",
        "99999-01-01T00:00:00Z",
        "2026-03-02T09:00:00Z\0",
        [],
        {},
        "2026-13-02T09:00:00Z",
    ],
    "note": [
        1,
        [],
        {},
        True,
        "x" * 501,
        "a\r\nBcc: b",
        "a\rb",
        "nul\0",
        "bell\x07",
        "\x1b[31m",
        "del\x7f",
        "\ud83d",
        "\ud800\ud800",
    ],
    "reason": [None, 1, [], "", "   ", "\t\n", "x" * 501, "a\r\nSubject: b", "a\rb", "nul\0", "\x08", "\ude00"],
    "unlockOnUpload": [None, 0, 1, "true", "false", [], "\uff11"],
    "message": [1, [], {}, True, "x" * 501, "a\r\nBcc: b", "nul\0", "\x1b[31m", "\ud83d"],
    "accountId": [None, 1, [], {}, "", "x" * 129, "a b", "a\nb", "\ud800", "../x", "557058:\uff11"],
    "request_id": ["0123456789abcdef"],
    "account": ["557058:0b0b0000-0000-4000-8000-000000000b0b"],
    "holder": [{"accountId": "x"}],
    "__proto__": [{}],
    "": ["empty name"],
    "\ud800": ["surrogate name"],
    "x" * 10_240: ["long name"],
    "tenantId": [2],
}


def _raw_bodies(valid: Json) -> Iterator[tuple[str, bytes]]:
    """Texts that are no JSON object, or an ambiguous one."""
    good = json.dumps(valid)
    yield from {
        "nothing": b"",
        "blank": b"  \n",
        "null": b"null",
        "list": b"[]",
        "list of it": f"[{good}]".encode(),
        "number": b"1",
        "text": b'"x"',
        "half": good[:-1].encode(),
        "twice": (good + good).encode(),
        "rest": (good + "x").encode(),
        "NUL behind": good.encode() + b"\0",
        "NUL": b"\0" * 100,
        "BOM": b"\xef\xbb\xbf" + good.encode(),
        "UTF-16": good.encode("utf-16"),
        "UTF-32": good.encode("utf-32"),
        "no UTF-8": good.encode().replace(b'"requestId"', b'"requestId\xff"'),
        "overlong UTF-8": good.encode().replace(b"{", b'{"\xc0\xaf": 1, ', 1),
        "deep list": b"[" * 100_000,
        "deep object": b'{"a":' * 40_000,
        "deep inside": good[:-1].encode() + b', "note": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        "NaN": good[:-1].encode() + b', "hours": NaN}',
        "infinity": good[:-1].encode() + b', "hours": -Infinity}',
        "beyond float": good[:-1].encode() + b', "hours": 1e999}',
        "endless number": good[:-1].encode() + b', "hours": ' + b"9" * 100_000 + b"}",
        "single quotes": good.replace('"', "'").encode(),
        "comment": ("/* hi */" + good).encode(),
        "trailing comma": (good[:-1] + ",}").encode(),
        "form": b"requestId=0123456789abcdef&lockId=x",
        "entity": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
        **{f"{name} twice": _doubled(good, name, value) for name, value in valid.items()},
    }.items()


def _doubled(good: str, name: str, value: object) -> bytes:
    return (good[:-1] + f", {json.dumps(name)}: {json.dumps(value)}}}").encode()


WRONG_TYPES = [
    None,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/jsonp",
    "text/json",
    "application/json+x",
    "application/vnd.api+json",
    "application/json, text/plain",
    "*/*",
    "json",
    "application / json",
    "applicat\u0131on/json",
]


@pytest.fixture
def file(live: LiveApp) -> str:
    return live.file(live.page())


@contextmanager
def nothing_happens(live: LiveApp) -> Iterator[None]:
    """No row, property, version or call to Confluence."""
    mark, state, rows = live.mark(), live.site_state("acme"), live.rows()
    yield
    assert live.asked(mark) == []
    assert live.site_state("acme") == state
    assert live.rows() == rows


def _refused(answer: requests.Response) -> bool:
    """Whether it is a 4xx with the one error body, without internal details."""
    status, code = refusal(answer)
    told = answer.text.lower()
    assert not any(word in told for word in ("traceback", "lockpoint/", "sqlalchemy", "pydantic", "/root", "psycopg"))
    return 400 <= status < 500 and answer.headers["Content-Type"] == JSON and code != "unauthorized"


@pytest.mark.parametrize("name", WRITES)
def test_writing_calls_withstand_every_body(api: CheckedApi, live: LiveApp, file: str, name: str) -> None:
    """L-21: every invalid body or type is a 4xx without effect; then the valid body works."""
    method, path, body = WRITES[name]
    who = ACTORS.get(name, "alice")
    lock = live.lock("alice", file) if name != "acquire" else ""
    if name in ASKED:
        assert live.call("bob", "POST", f"/attachments/{file}/lock/request", {"lockId": lock}).ok
    valid = {**body(lock), "requestId": request_id()}
    url, token = f"/attachments/{file}/{path}", live.token(who)
    tried = 0
    with nothing_happens(live):
        for label, data in [*_raw_bodies(valid), *_with_wrong_fields(valid, name)]:
            answer = live.raw(method, url, token, data=data, headers={"Content-Type": JSON})
            assert _refused(answer), (label, answer.status_code, answer.text)
            assert refusal(answer)[0] == 422, label
            tried += 1
        for kind in WRONG_TYPES:
            headers = {"Content-Type": kind.encode()} if kind is not None else {}
            answer = live.raw(method, url, token, data=json.dumps(valid).encode(), headers=headers)
            assert refusal(answer) == (415, "unsupported_media_type"), kind
            tried += 1
    assert tried > 110
    assert api(who, method, url, valid).ok


def _with_wrong_fields(valid: Json, call: str = "") -> Iterator[tuple[str, bytes]]:
    for name, values in WRONG_FIELDS.items():
        for value in values:
            if value is None and (call, name) in NULLABLE:
                continue
            yield f"{name[:20]}={str(value)[:20]!r}", json.dumps({**valid, name: value}).encode()


def test_settings_withstand_every_body(api: CheckedApi, live: LiveApp) -> None:
    revision = api("sam", "GET", "/settings").json()["revision"]
    valid = {"copyMode": False, "revision": revision, "requestId": request_id()}
    own: dict[str, list[object]] = {
        "copyMode": [None, 0, 1, "true", [], "on"],
        "revision": [None, -1, 1.5, str(revision), True, [], 10**400],
    }
    wrong = [json.dumps({**valid, name: value}).encode() for name, values in own.items() for value in values]
    with nothing_happens(live):
        for data in [*wrong, *(data for _, data in [*_raw_bodies(valid), *_with_wrong_fields(valid)])]:
            answer = live.raw("PUT", "/settings", live.token("sam"), data=data, headers={"Content-Type": JSON})
            assert refusal(answer) == (422, "invalid_request"), data[:80]
    assert api("sam", "PUT", "/settings", valid).status_code == 200


WRONG_IDS = [
    "0",
    "00",
    "01",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "0x1f",
    "1_000",
    "att",
    "att0",
    "attatt1",
    "ATT131203",
    "Att131203",
    "131203att",
    "9" * 20,
    "9" * 10_240,
    "%EF%BC%91%EF%BC%92",
    "%D9%A1%D9%A2",
    "131203%00",
    "%00",
    "131203%0d%0aX:1",
    "131203%20",
    "%20131203",
    "131203;x=1",
    "131203,131204",
    "*",
    "%25",
    "%ff%fe",
    "%ed%a0%80",
    "..",
    "%2e%2e",
    "..%2f..%2fetc",
    "131203%2f..",
    "131203%2f",
    "%27%20or%201%3D1--",
    "%24%7B7*7%7D",
    "null",
    "undefined",
    "{attachmentId}",
    "131203%3Fx",
]


@pytest.mark.parametrize("form", ["/attachments/{}/lock", "/attachments/{}/notify-me", "/pages/{}/attachments"])
def test_ids_that_are_none(api: CheckedApi, live: LiveApp, form: str) -> None:
    """Not an id: 404 not_found, or 405 where the address is another route's; Confluence is not asked."""
    del api
    token = live.token("alice")
    with nothing_happens(live):
        for id_ in WRONG_IDS:
            for method in ("GET", "POST", "PUT", "DELETE"):
                answer = _as_written(live, method, form.format(id_), token, json={"requestId": request_id()})
                assert refusal(answer)[0] in {404, 405}, (method, id_, answer.text)


def _as_written(live: LiveApp, method: str, path: str, token: str, **options: Json) -> requests.Response:
    """Send the path unchanged; `requests` would normalise it."""
    made = requests.Request(method, live.url, headers={"Authorization": f"JWT {token}"}, **options).prepare()
    made.url = f"{live.url}/api/v1{path}"
    return live.http.send(made, timeout=30, allow_redirects=False)


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "PROPFIND", "LOCK", "X" * 1000])
def test_methods_that_are_none(api: CheckedApi, live: LiveApp, file: str, method: str) -> None:
    """405 with the allowed methods."""
    del api
    with nothing_happens(live):
        answer = _as_written(live, method, f"/attachments/{file}/lock", live.token("alice"), json={})
    assert refusal(answer) == (405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_nobody_gets_in_without_a_token(api: CheckedApi, live: LiveApp, file: str) -> None:
    """Without a token, with a broken one, or with one in the address: 401 with one body."""
    token = live.token("alice")
    bodies = set()
    with nothing_happens(live):
        for path, methods in api.document.served["paths"].items():
            url = path.removeprefix("/api/v1").replace("{attachmentId}", file).replace("{pageId}", "98311")
            for method in methods:
                for sent, given in ((None, url), (token[:-2] + "xx", url), ("", f"{url}?jwt={token}"), ("null", url)):
                    answer = live.raw(method.upper(), given, sent, json={"requestId": request_id()})
                    assert refusal(answer) == (401, "unauthorized"), (method, path)
                    api.document.check(method.upper(), url, answer)
                    bodies.add(answer.content)
    assert len(bodies) == 1


# Sizes


def _spoken(live: LiveApp, head: list[str], body: bytes) -> tuple[int, str]:
    """Status and body of the answer to raw bytes."""
    address = urlsplit(live.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as line:
        line.sendall("\r\n".join([*head, "Host: x", "Connection: close", "", ""]).encode() + body)
        answer = b""
        while part := line.recv(65536):
            answer += part
    head_, _, text = answer.partition(b"\r\n\r\n")
    return int(head_.split()[1]), text.decode()


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@pytest.mark.parametrize("path", ["/api/v1/attachments/{file}/lock", "/connect/installed", "/connect/uninstalled"])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_beyond_the_limit(api: CheckedApi, live: LiveApp, file: str, path: str, *, chunked: bool) -> None:
    """Above 256 KB: 413, also without a stated size; the read part is not taken as the whole."""
    del api
    honest = json.dumps(
        {"requestId": request_id(), "clientKey": "x"} if "connect" in path else {"requestId": request_id()}
    )
    data = honest.encode().ljust(LARGEST_BODY + 1)
    size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(data)}"
    signed = live.control("tokens", site="acme", kind="install", path=path)["token"]
    head = [
        f"POST {path.format(file=file)} HTTP/1.1",
        f"Authorization: JWT {signed if 'connect' in path else live.token('alice')}",
        f"Content-Type: {JSON}",
        size,
    ]
    with nothing_happens(live):
        status, text = _spoken(live, head, _chunk(data) if chunked else b"")
        assert (status, json.loads(text)["error"]) == (413, "too_large")


def test_bodies_in_pieces_are_read_whole(api: CheckedApi, live: LiveApp, file: str) -> None:
    """A chunked body below the limit is accepted."""
    del api
    data = json.dumps({"requestId": request_id(), "note": "in pieces"}).encode().ljust(LARGEST_BODY)
    pieces = [data[:10], data[10:17], data[17:]]
    head = [
        f"POST /api/v1/attachments/{file}/lock HTTP/1.1",
        f"Authorization: JWT {live.token('alice')}",
        f"Content-Type: {JSON}",
        "Transfer-Encoding: chunked",
    ]
    status, text = _spoken(live, head, b"".join(_chunk(piece) for piece in pieces) + b"0\r\n\r\n")
    assert (status, json.loads(text)["lock"]["note"]) == (201, "in pieces")


def test_words_are_kept_as_they_are(api: CheckedApi, file: str) -> None:
    """F50: odd but valid words come back unchanged in JSON."""
    odd = "<script>alert(1)</script> & \"quotes\" 'n' \\ \u202e\u200d\u2028 😀 {{7*7}} %s ' OR 1=1 --"
    lock = api.lock("alice", file, note=odd)
    assert lock["note"] == api.shown("bob", file)["note"] == odd
    broken = api("dana", "POST", f"/attachments/{file}/lock/break", {"lockId": lock["lockId"], "reason": "😀" * 500})
    assert broken.json()["lock"]["lastEnded"]["why"] == "😀" * 500
