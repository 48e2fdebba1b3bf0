"""The only way out: what it lets through, what it refuses and with which words."""

import asyncio
import contextlib
import datetime
import ssl
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.sandbox.client_hello import server_name
from adapters.sandbox.gateway import PACKAGE_INDEX_HOSTS, ConnectGateway, GatewayLimits, is_internal

FETCH = """
import http.client, ssl, sys
host, port = sys.argv[1].split(":")
c = http.client.HTTPSConnection("127.0.0.1", 3128, timeout=10)
c.set_tunnel(host, int(port))
try:
    c.request("GET", "/")
    print(c.getresponse().read().decode())
except OSError as error:
    print("refused:", error)
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "cert.pem").chmod(0o600)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder


@pytest.fixture
async def index(certificate):
    """A server that speaks TLS on the host's loopback; its value is `localhost:port`."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\npackages")
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield f"localhost:{server.sockets[0].getsockname()[1]}"


async def ask(gateway, text):
    """What the gateway answers to raw bytes."""
    reader, writer = await asyncio.open_unix_connection(gateway.socket)
    try:
        writer.write(text.encode())
        return (await reader.read(10_000)).decode()
    finally:
        writer.close()


def connect(target):
    return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n"


async def test_a_box_reaches_the_allowed_host_through_the_gateway_and_trusts_the_operators_bundle(
    run, tmp_path, index, certificate, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    async with ConnectGateway(tmp_path / "gateway.sock", [index], internal=["localhost"]) as gateway:
        result = await run('python3 -c "$CODE" ' + index, env={"CODE": FETCH}, network=gateway)
        assert result.text == "packages\n"
        other = await run('python3 -c "$CODE" example.com:443', env={"CODE": FETCH}, network=gateway)
        assert other.text == (
            "refused: Tunnel connection failed: 403 example.com:443 is not among the hosts that this box may reach.\n"
        )
    carried, refused = gateway.passages
    assert (carried.host, carried.allowed, carried.why) == ("localhost", True, None)
    assert carried.bytes_up > 200
    assert carried.bytes_down > 500
    assert (refused.host, refused.allowed, refused.bytes_up, refused.bytes_down) == ("example.com", False, 0, 0)


async def test_a_box_without_the_gateway_reaches_nothing(run, index):
    result = await run('python3 -c "$CODE" ' + index, env={"CODE": FETCH})
    assert result.text == "refused: [Errno 111] Connection refused\n"


async def test_the_relay_passes_the_exit_code_and_the_arguments_on(run, tmp_path):
    async with ConnectGateway(tmp_path / "gateway.sock") as gateway:
        assert (await run("exit 7", network=gateway)).exit_code == 7
        assert (await run("kill -KILL $$", network=gateway)).exit_code == 137
        shown = await run("env | grep -i proxy | sort", network=gateway)
    assert shown.text.splitlines() == [
        "ALL_PROXY=http://127.0.0.1:3128",
        "HTTPS_PROXY=http://127.0.0.1:3128",
        "HTTP_PROXY=http://127.0.0.1:3128",
        "NO_PROXY=localhost,127.0.0.1,::1",
        "all_proxy=http://127.0.0.1:3128",
        "http_proxy=http://127.0.0.1:3128",
        "https_proxy=http://127.0.0.1:3128",
        "no_proxy=localhost,127.0.0.1,::1",
    ]


@pytest.mark.parametrize(
    ("request_line", "why"),
    [
        ("CONNECT evil.example:443", "evil.example:443 is not among the hosts that this box may reach."),
        ("CONNECT pypi.org:22", "pypi.org:22 is not among the hosts that this box may reach."),
        (
            "CONNECT pypi.org.evil.example:443",
            "pypi.org.evil.example:443 is not among the hosts that this box may reach.",
        ),
        ("CONNECT 127.0.0.1:443", "This gateway reaches hosts by name, never by address."),
        ("CONNECT [::1]:443", "This gateway reaches hosts by name, never by address."),
        ("CONNECT 2130706433:443", "This gateway reaches hosts by name, never by address."),
        ("CONNECT 0x7f.1:443", "This gateway reaches hosts by name, never by address."),
        ("CONNECT pypi.org", "'pypi.org' is not a host and a port."),
        ("CONNECT pypi.org\t:443", "'pypi.org\\t' is not a host name."),
        ("GET http://pypi.org/", "This gateway carries TLS connections only (CONNECT)."),
    ],
)
async def test_everything_else_is_refused_with_one_line(tmp_path, request_line, why):
    async with ConnectGateway(tmp_path / "gateway.sock") as gateway:
        answer = await ask(gateway, f"{request_line} HTTP/1.1\r\n\r\n")
    assert answer.splitlines()[0] == f"HTTP/1.1 403 {why}"
    assert answer.endswith(f"\r\n\r\n{why}\n")
    assert [passage.why for passage in gateway.passages] == [why]


async def test_a_name_that_resolves_to_an_internal_address_is_refused(tmp_path, index):
    async with ConnectGateway(tmp_path / "gateway.sock", [index]) as gateway:
        answer = await ask(gateway, connect(index))
    assert answer.startswith("HTTP/1.1 403 localhost resolves to an internal address.\r\n")


@pytest.mark.parametrize(
    ("target", "internal", "limits", "why", "unreached"),
    [
        ("nowhere.invalid:443", [], None, "nowhere.invalid cannot be resolved: ", True),
        ("localhost:9", ["localhost"], None, "localhost:9 does not answer: ", True),
        ("nowhere.invalid:443", [], GatewayLimits(connect_seconds=0), "in time.", False),
        ("localhost:9", [], None, "localhost resolves to an internal address.", False),
    ],
    ids=["no address", "refused", "a client that dawdles", "internal"],
)
async def test_only_an_allowed_host_that_is_not_to_be_reached_is_told_as_such(
    tmp_path, target, internal, limits, why, unreached
):
    async with ConnectGateway(tmp_path / "gateway.sock", [target], internal=internal, limits=limits) as gateway:
        await ask(gateway, connect(target))
    (passage,) = gateway.passages
    assert why in passage.why
    assert (passage.allowed, passage.unreached) == (False, unreached)


async def test_what_asks_for_another_host_inside_tls_is_cut(tmp_path, index):
    async with ConnectGateway(tmp_path / "gateway.sock", [index], internal=["localhost"]) as gateway:
        reader, writer = await asyncio.open_unix_connection(gateway.socket)
        writer.write(connect(index).encode())
        await reader.readuntil(b"\r\n\r\n")
        context = ssl.create_default_context()
        with pytest.raises(OSError, match=r".*"):
            await writer.start_tls(context, server_hostname="evil.example")
        writer.close()
    assert [(passage.allowed, passage.why) for passage in gateway.passages] == [
        (False, "Inside TLS it asked for 'evil.example'.")
    ]


def hello(*extensions: tuple[int, bytes]) -> bytes:
    """The first message of a TLS client, with these extensions (RFC 8446, 4.1.2)."""
    listed = b"".join(kind.to_bytes(2) + len(body).to_bytes(2) + body for kind, body in extensions)
    body = b"\3\3" + bytes(32) + b"\0" + b"\0\2\x13\1" + b"\1\0" + len(listed).to_bytes(2) + listed
    message = b"\1" + len(body).to_bytes(3) + body
    return b"\x16\3\1" + len(message).to_bytes(2) + message


def named(*hosts: str) -> tuple[int, bytes]:
    rows = b"".join(b"\0" + len(host).to_bytes(2) + host.encode() for host in hosts)
    return 0, len(rows).to_bytes(2) + rows


@pytest.mark.parametrize(
    "extensions",
    [
        (named("localhost"), (0xFE0D, b"\0" * 40)),
        ((0xFE0D, b""), named("localhost")),
        (named("localhost", "evil.example"),),
        (named("localhost"), named("evil.example")),
    ],
    ids=["encrypted", "encrypted first", "two names", "named twice"],
)
async def test_what_may_ask_for_somebody_else_than_it_says_in_clear_is_cut(tmp_path, index, extensions):
    async with ConnectGateway(tmp_path / "gateway.sock", [index], internal=["localhost"]) as gateway:
        reader, writer = await asyncio.open_unix_connection(gateway.socket)
        writer.write(connect(index).encode() + hello(*extensions))
        await reader.read()
        writer.close()
    assert [(one.allowed, one.why) for one in gateway.passages] == [(False, "Inside TLS it hides whom it asks for.")]


def test_the_name_that_a_client_asks_for_is_read_where_it_is_the_only_one():
    assert server_name(hello((10, b"\0\0"), named("pypi.org"))) == "pypi.org"


async def test_what_is_not_tls_is_cut(tmp_path, index):
    async with ConnectGateway(tmp_path / "gateway.sock", [index], internal=["localhost"]) as gateway:
        assert await ask(gateway, connect(index) + "SSH-2.0-x\r\n") == ("HTTP/1.1 200 Connection established\r\n\r\n")
    assert [passage.why for passage in gateway.passages] == ["What came through it was not TLS."]


@pytest.mark.parametrize(
    ("limits", "text", "why"),
    [
        (GatewayLimits(header_bytes=100), "CONNECT " + "a" * 500, "This gateway could not read the request."),
        (GatewayLimits(connect_seconds=0.05), "CONNECT ", "The connection was not made in time."),
        (GatewayLimits(connections=0), connect("pypi.org:443"), "This box has 0 connections already."),
        (GatewayLimits(total_bytes=0), connect("pypi.org:443"), "This box has used all the bytes it may move."),
    ],
)
async def test_each_limit_of_a_connection_is_said(tmp_path, limits, text, why):
    async with ConnectGateway(tmp_path / "gateway.sock", limits=limits) as gateway:
        assert why in await ask(gateway, text)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (GatewayLimits(connection_bytes=600), "It moved more bytes than it may."),
        (GatewayLimits(idle_seconds=0.1), "Nothing was moved for a while."),
    ],
)
async def test_a_connection_that_moves_too_much_or_nothing_is_cut(tmp_path, index, certificate, limits, why):
    trusted = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    async with ConnectGateway(tmp_path / "gateway.sock", [index], internal=["localhost"], limits=limits) as gateway:
        reader, writer = await asyncio.open_unix_connection(gateway.socket)
        writer.write(connect(index).encode())
        await reader.readuntil(b"\r\n\r\n")
        try:
            await writer.start_tls(trusted, server_hostname="localhost")
            await reader.read()
        except OSError:
            pass
        writer.close()
        async with asyncio.timeout(5):
            while not gateway.passages:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert [passage.why for passage in gateway.passages] == [why]


async def test_the_end_cuts_what_is_open_and_removes_the_socket(tmp_path):
    async with ConnectGateway(tmp_path / "gateway.sock") as gateway:
        assert stat.S_IMODE(gateway.socket.stat().st_mode) == 0o666
        reader, writer = await asyncio.open_unix_connection(gateway.socket)
        writer.write(b"CONNECT ")
        await writer.drain()
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    assert not gateway.socket.exists()
    writer.close()


async def test_a_socket_may_lie_deeper_than_the_kernel_can_name(run, tmp_path):
    path = tmp_path / ("long-name-" * 12) / "gateway.sock"
    path.parent.mkdir()
    async with ConnectGateway(path) as gateway:
        result = await run(
            """python3 -c 'import urllib.request as r; r.urlopen("http://pypi.org/")' 2>&1 | tail -1""",
            network=gateway,
        )
    assert (
        result.text == "urllib.error.HTTPError: HTTP Error 403: This gateway carries TLS connections only (CONNECT).\n"
    )


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
     "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"],
)  # fmt: skip
def test_an_internal_address_is_known_in_every_spelling(address):
    assert is_internal(address)


@pytest.mark.parametrize("address", ["151.101.0.223", "8.8.8.8", "2a04:4e42::223"])
def test_a_public_address_is_not_internal(address):
    assert not is_internal(address)


def test_the_package_indexes_are_three():
    assert PACKAGE_INDEX_HOSTS == ("pypi.org", "files.pythonhosted.org", "registry.npmjs.org")
