"""Access control: every route with every kind of forbidden request, on a running engine, over a plain socket."""

import http.client
import json
import socket
import sys
import time
from pathlib import Path

import pytest

from engine.api.runtime import read_runtime
from engine.server.app import bare_app

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
ROUTES = [
    (method.upper(), path.replace("{id}", "0" * 32).replace("{name}", "image-0-0.png"))
    for path, operations in bare_app().openapi()["paths"].items()
    for method in operations
]
ELSEWHERE = [(method, path) for path in ("/", "/openapi.json", "/docs", "/redoc", "/v2/x") for method in METHODS]
EVERYTHING = [*ROUTES, *ELSEWHERE, ("OPTIONS", "/v1/edits"), ("PUT", "/v1/edits"), ("HEAD", "/v1/system")]
GUARDED = [route for route in EVERYTHING if route[1] != "/v1/challenge"]


@pytest.fixture
def engine(served):
    runtime = read_runtime(served.runtime)
    assert runtime is not None
    return runtime


def ask(port: int, method: str, path: str, headers: list[tuple[str, str]], body: bytes = b"{}") -> tuple[int, bytes]:
    """(status, body) of a request with exactly these headers. A request that is refused before its body was read may be
    reset before the response arrives; then it is sent once more."""
    try:
        return ask_once(port, method, path, headers, body)
    except ConnectionResetError:
        return ask_once(port, method, path, headers, body)


def ask_once(port: int, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, data


def good(engine, **changes: str | None) -> list[tuple[str, str]]:
    headers = {
        "Host": f"127.0.0.1:{engine.port}",
        "Authorization": f"Bearer {engine.token}",
        "Content-Type": "application/json",
    }
    for name, value in changes.items():
        headers[name.replace("_", "-")] = value
    return [(name, value) for name, value in headers.items() if value is not None]


def test_all_routes_are_covered():
    assert len(ROUTES) > 20 and ("POST", "/v1/edits") in ROUTES and ("DELETE", "/v1/leases/" + "0" * 32) in ROUTES


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_no_route_responds_without_the_token(engine, method, path):
    token = engine.token
    stale = "A" * len(token)
    tokens = (
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {stale}",
        f"Bearer {token}x",
        f"Bearer {token[:-1]}",
        f"bearer {token}",
        f"Basic {token}",
        token,
        f"Bearer  {token}",
        f"Bearer {token.swapcase()}",
    )
    for wrong in tokens:
        status, data = ask(engine.port, method, path, good(engine, Authorization=wrong))
        assert status == 401, (wrong, status)
        assert token.encode() not in data
    twice = [*good(engine), ("Authorization", f"Bearer {stale}")]
    assert ask(engine.port, method, path, twice)[0] == 401
    assert (
        ask(engine.port, method, f"{path}?token={token}&access_token={token}", good(engine, Authorization=None))[0]
        == 401
    )


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
def test_no_route_responds_to_another_host_or_to_a_page(engine, method, path):
    assert ask(engine.port, method, path, good(engine, Host="evil.example"))[0] == 421
    assert ask(engine.port, method, path, good(engine, Origin="http://evil.example"))[0] == 403
    assert ask(engine.port, method, path, good(engine, Sec_Fetch_Site="cross-site"))[0] == 403


HOSTS = (
    "", "127.0.0.1", "localhost", "{p}", ":{p}", "127.0.0.1:1", "127.0.0.1:{p}0", "127.0.0.1:0{p}", "127.0.0.1:{p}.",
    "127.0.0.1.:{p}", "127.0.0.1 :{p}", "127.0.0.1:{p} x", "LOCALHOST:{p}x", "localhost.:{p}", "evil.example:{p}",
    "127.0.0.1.evil.example:{p}", "localhost.evil.example:{p}", "evil.example#127.0.0.1:{p}", "a@127.0.0.1:{p}",
    "0.0.0.0:{p}", "[::1]:{p}", "[::ffff:127.0.0.1]:{p}", "2130706433:{p}", "127.1:{p}", "0x7f.0.0.1:{p}",
    "127.0.0.2:{p}",
    "127.0.0.1:{p},evil.example", "127.0.0.1:{p}/", "127.0.0.1:{p}?x", "http://127.0.0.1:{p}", "*", "null",
    "127.0.0.1:{p}\t.evil.example", "LocalHost:{p}", "127.000.000.001:{p}", "\u00b9\u00b2\u2077.0.0.1:{p}",
)  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_only_the_exact_host_is_accepted(engine, host):
    value = host.format(p=engine.port).encode("latin-1", "replace").decode("latin-1")
    assert ask(engine.port, "GET", "/v1/system", good(engine, Host=value))[0] in (400, 421)
    twice = [*good(engine), ("Host", value)]
    assert ask(engine.port, "GET", "/v1/system", twice)[0] in (400, 421)


def test_no_host_or_an_absolute_address_with_another_one_is_refused(engine):
    assert ask(engine.port, "GET", "/v1/system", good(engine, Host=None))[0] in (400, 421)
    address = "http://evil.example/v1/system"
    assert ask(engine.port, "GET", address, good(engine, Host="evil.example"))[0] == 421


def test_both_hosts_are_accepted(engine):
    for host in ("127.0.0.1", "localhost"):
        assert ask(engine.port, "GET", "/v1/system", good(engine, Host=f"{host}:{engine.port}"))[0] == 200


@pytest.mark.parametrize("origin", ["null", "", "http://127.0.0.1:{p}", "http://localhost:{p}", "https://evil.example"])
def test_every_origin_is_refused_even_the_engines_own(engine, origin):
    assert ask(engine.port, "GET", "/v1/system", good(engine, Origin=origin.format(p=engine.port)))[0] == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "x"])
def test_a_page_of_another_site_is_refused(engine, site):
    assert ask(engine.port, "GET", "/v1/system", good(engine, Sec_Fetch_Site=site))[0] == 403


@pytest.mark.parametrize("content", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                                     "application/jsonp", "text/json", "image/png"])  # fmt: skip
def test_only_json_bodies_are_accepted(engine, content):
    assert ask(engine.port, "POST", "/v1/leases", good(engine, Content_Type=content))[0] == 415


def test_json_with_a_charset_is_accepted(engine):
    headers = good(engine, Content_Type="application/json; charset=utf-8")
    status, data = ask(engine.port, "POST", "/v1/leases", headers)
    assert status == 200
    assert ask(engine.port, "DELETE", f"/v1/leases/{json.loads(data)['id']}", good(engine))[0] == 200


def test_a_preflight_request_is_refused(engine):
    headers = good(engine, Authorization=None, Origin="http://evil.example", Access_Control_Request_Method="POST")
    connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=600)
    connection.request("OPTIONS", "/v1/edits", headers=dict(headers))
    response = connection.getresponse()
    assert response.status == 403
    assert not [name for name, _ in response.getheaders() if name.lower().startswith("access-control")]
    connection.close()


def test_a_websocket_is_not_opened(engine):
    headers = good(engine, Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==")
    headers.append(("Sec-WebSocket-Version", "13"))
    assert ask(engine.port, "GET", "/v1/jobs", headers)[0] in (200, 400, 403, 404, 426)
    assert ask(engine.port, "GET", "/v1/jobs", [h for h in headers if h[0] != "Authorization"])[0] in (400, 401, 403)


def head(engine, path: str, content: str, more: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{engine.port}\r\nAuthorization: Bearer {engine.token}\r\n"
        f"Content-Type: {content}\r\n{more}\r\n"
    ).encode()


@pytest.mark.parametrize("length", ["2000000000", "99999999999999999999999", "-1", "1e3", "\u0661"])
def test_a_length_over_the_limit_is_refused_before_the_body_is_read(engine, length):
    with socket.create_connection(("127.0.0.1", engine.port), timeout=600) as plain:
        plain.sendall(head(engine, "/v1/leases", "application/json", "").rstrip(b"\r\n") + b"\r\n"
                      + f"Content-Length: {length}\r\n\r\n".encode())  # fmt: skip
        assert plain.recv(100).split()[1] in (b"413", b"400")


def test_a_body_over_the_limit_is_refused_while_it_is_still_being_sent(engine):
    """An endless body: the response comes after about a megabyte."""
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    count = 0
    with socket.create_connection(("127.0.0.1", engine.port), timeout=600) as plain:
        plain.sendall(head(engine, "/v1/leases", "application/json", "Transfer-Encoding: chunked\r\n"))
        plain.setblocking(False)
        answer, deadline = b"", time.monotonic() + 600
        while not answer and time.monotonic() < deadline and count < 64 * 2**20:
            try:
                count += plain.send(chunk)
            except BlockingIOError:
                time.sleep(0.001)
            except (BrokenPipeError, ConnectionResetError):
                pass
            try:
                answer = plain.recv(100)
            except BlockingIOError:
                continue
    assert answer.split()[1] == b"413"
    assert count < 16 * 2**20


def test_a_body_that_never_arrives_does_not_block_others(engine):
    with socket.create_connection(("127.0.0.1", engine.port), timeout=600) as plain:
        plain.sendall(head(engine, "/v1/leases", "application/json", "Content-Length: 5\r\n"))
        assert ask(engine.port, "GET", "/v1/system", good(engine))[0] == 200


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_port_is_on_the_loopback_interface_only(engine):
    with open("/proc/net/tcp") as table:
        addresses = {line.split()[1] for line in table if line.split()[1].endswith(f":{engine.port:04X}")}
    listening = {address for address in addresses if address.startswith(("00000000", "0100007F"))}
    assert listening == {f"0100007F:{engine.port:04X}"}


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_token_is_not_in_logs_or_process_lists(engine, served):
    assert engine.token not in served.log()
    command = "".join(Path(f"/proc/{engine.pid}/{name}").read_text() for name in ("cmdline", "environ"))
    assert engine.token not in command
    assert engine.token not in repr(engine)
