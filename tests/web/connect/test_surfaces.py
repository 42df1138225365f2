"""The frames' constant page and the built front end's files."""

import gzip
import json
import re
from pathlib import Path

import pytest
from flask import Flask, g, request
from flask.testing import FlaskClient

from lockpoint.connect.inbound import TokenCaller
from lockpoint.web.connect.frontend_bundle import MANIFEST, BundleError, read_bundle
from lockpoint.web.connect.surfaces import SURFACES, surface_routes
from lockpoint.web.guards import Guard, guard_of
from tests.fakes.world import ACME

CDN = "https://connect-cdn.atl-paas.net/all.js"
SCRIPT = "console.log('page');" * 60


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as the front end's build leaves it."""
    entries = {
        "src/prepaint.ts": {"file": "assets/prepaint-1.js", "isEntry": True},
        "src/entries/connect-page.ts": {
            "file": "assets/page-2.js",
            "isEntry": True,
            "imports": ["_shared.js"],
            "css": ["assets/page-3.css"],
        },
        "_shared.js": {"file": "assets/shared-4.js", "imports": ["_base.js"], "css": ["assets/shared-5.css"]},
        "_base.js": {"file": "assets/base-6.js", "imports": ["_shared.js"], "css": ["assets/base-7.css"]},
    }
    page = entries["src/entries/connect-page.ts"]
    entries |= {surface.entry: page for surface in SURFACES}
    for name, content in {"prepaint-1.js": "1", "page-2.js": SCRIPT, "page-3.css": "p{}", "shared-4.js": "2"}.items():
        path = tmp_path / "assets" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    (tmp_path / MANIFEST).parent.mkdir()
    (tmp_path / MANIFEST).write_text(json.dumps(entries))
    return tmp_path


@pytest.fixture
def app(built: Path) -> Flask:
    """The routes behind a guard that lets Alice in, and who has no account at `?guest=1`."""
    app = Flask("surfaces", static_folder=None)
    app.register_blueprint(surface_routes(read_bundle(built), CDN, "lockpoint"))

    @app.before_request
    def admit() -> None:
        g.lockpoint_caller = TokenCaller(ACME, None if "guest" in request.args else "alice")

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_page_is_constant(client: FlaskClient) -> None:
    """Frames of different pages and people get the same bytes."""
    first = client.get("/connect/page?pageId=98311&jwt=aaa")
    assert first.status_code == 200
    assert first.data == client.get("/connect/page?pageId=%22%3E%3Cscript%3E&spaceKey=DS").data


def test_guests_get_a_page_that_knows_them_as_guests(client: FlaskClient) -> None:
    """It differs by one word, and is as constant."""
    guests, people = client.get("/connect/page?guest=1").text, client.get("/connect/page").text
    assert guests == client.get("/connect/page?guest=2&pageId=7").text
    assert guests.replace(" data-guest", "") == people != guests


def test_each_surface_has_room_of_its_own_kind(client: FlaskClient) -> None:
    """A dialog fills its frame, a whole page its parent; a macro is as high as its content."""
    options = {
        surface.name: re.findall(r'data-options="([^"]+)"', client.get(f"/connect/{surface.name}").text)
        for surface in SURFACES
    }
    assert options.pop("page") == ["margin:false;resize:false"]
    assert options.pop("macro") == ["margin:false"]
    assert set(map(tuple, options.values())) == {("margin:false;sizeToParent:true",)}


def test_page_needs_no_inline_code(client: FlaskClient) -> None:
    """The page loads Atlassian's library and our own files; it has no inline script or style."""
    html = client.get("/connect/page").text
    assert re.findall(r'<script[^>]* src="([^"]+)"', html) == [
        "/static/assets/prepaint-1.js",
        CDN,
        "/static/assets/page-2.js",
    ]
    assert re.findall(r"<script[^>]*>([^<]+)</script>", html) == []
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
    assert 'href="/static/assets/page-3.css"' in html


def test_first_paint_is_not_kept_waiting_by_the_screen(client: FlaskClient) -> None:
    """The script for the remembered colours precedes the library; the screen's script is deferred."""
    html = client.get("/connect/page").text
    assert html.index("prepaint-1.js") < html.index(CDN) < html.index("page-2.js")
    assert '<script type="module" src="/static/assets/page-2.js">' in html


def test_every_route_declares_its_guard(app: Flask) -> None:
    """A frame needs the token of its address; static files need none."""
    guards = {rule.rule: guard_of(app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()}
    frames = {
        f"/connect/{name}": Guard.FRAME for name in ("page", "macro", "my-locks", "space", "admin", "get-started")
    }
    assert guards == {**frames, "/static/<path:name>": Guard.PUBLIC}


def test_files_are_kept_by_browsers(client: FlaskClient) -> None:
    """A file's name changes with its content, so browsers may cache it for ever."""
    answer = client.get("/static/assets/page-3.css")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == "text/css; charset=utf-8"
    assert answer.data == b"p{}"


def test_files_are_sent_packed_to_those_who_unpack(client: FlaskClient) -> None:
    packed = client.get("/static/assets/page-2.js", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data).decode() == SCRIPT
    plain = client.get("/static/assets/page-2.js")
    assert "Content-Encoding" not in plain.headers
    assert plain.text == SCRIPT
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["assets/none.js", ".vite/manifest.json", "../surfaces.py", "..%2fsurfaces.py"])
def test_only_built_files_are_served(client: FlaskClient, name: str) -> None:
    """Lookup by name among the build's files; no path leads out."""
    assert client.get(f"/static/{name}").status_code == 404


def test_missing_build_stops_the_start(tmp_path: Path) -> None:
    """The error says what to run."""
    with pytest.raises(BundleError, match="bin/setup"):
        read_bundle(tmp_path)


def test_build_of_other_sources_stops_the_start(built: Path) -> None:
    """A build without a screen that this code serves fails at start."""
    (built / MANIFEST).write_text("{}")
    with pytest.raises(BundleError, match=r"src/entries/connect-page\.ts"):
        surface_routes(read_bundle(built), CDN, "lockpoint")


def test_a_screen_has_the_styles_of_what_it_shares(built: Path) -> None:
    """Its own styles last, each once, even where parts import each other."""
    styles = read_bundle(built).screen("src/entries/connect-page.ts").styles
    assert styles == ("assets/base-7.css", "assets/shared-5.css", "assets/page-3.css")
