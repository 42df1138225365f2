"""The query string hash: Atlassian's vectors, and Atlassian's Python package as oracle."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import atlassian_jwt.url_utils
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lockpoint.connect import qsh

# method, target, base path, canonical request, hash: made with npm atlassian-jwt 2.0.3.
VECTORS = [
    (
        "GET",
        "/path/to/service?zee_last=param&repeated=parameter 1&first=param&repeated=parameter 2",
        "",
        "GET&/path/to/service&first=param&repeated=parameter%201,parameter%202&zee_last=param",
        "e52bb281606c3bd9ca16cfe96fe2df78f5d9ffa126f06befd750dfa10fa1a897",
    ),
    (
        "GET",
        "/path/to/service?a=1&A=2&b=3&B=4",
        "",
        "GET&/path/to/service&A=2&B=4&a=1&b=3",
        "70282c7cf82834bd5a3d6dacda1b4ccd5cf5860a63a1fa2fb86b64d576e6a1d5",
    ),
    ("GET", "", "", "GET&/&", "c88caad15a1c1a900b8ac08aa9686f4e8184539bea1deda36e2f649430df3239"),
    ("GET", "/", "", "GET&/&", "c88caad15a1c1a900b8ac08aa9686f4e8184539bea1deda36e2f649430df3239"),
    (
        "GET",
        "/some/path/?param=value",
        "",
        "GET&/some/path&param=value",
        "f6c7b1b5672206eb10bd77c145d5f83f33796e955f04d6b44007a9d762d74277",
    ),
    (
        "POST",
        "/lifecycle/installed",
        "",
        "POST&/lifecycle/installed&",
        "efcb1cff0b1c68eeee0ccea2b4f9e37cc301805233fa3999e63643f28a2b4ac3",
    ),
    (
        "POST",
        "https://app.example.com/confluence/lifecycle/installed",
        "/confluence",
        "POST&/lifecycle/installed&",
        "efcb1cff0b1c68eeee0ccea2b4f9e37cc301805233fa3999e63643f28a2b4ac3",
    ),
    (
        "POST",
        "/webhook/attachment_created?lic=none",
        "",
        "POST&/webhook/attachment_created&lic=none",
        "68d760fce019a7eee1feb73e0f2cf2260edb199ae0ca27194ecaad7732667714",
    ),
    ("GET", "/p?q=a+b", "", "GET&/p&q=a%20b", "958aa9e8721ced0ad6f68328ac60ae5ffcfa353eaa3c64e83a73dab7c198174f"),
    ("GET", "/p?q=a%20b", "", "GET&/p&q=a%20b", "958aa9e8721ced0ad6f68328ac60ae5ffcfa353eaa3c64e83a73dab7c198174f"),
    ("GET", "/p?q=a%2Bb", "", "GET&/p&q=a%2Bb", "49180ebf18387f64955a28c84633fc46d5b32914b17718138aed07c0476a8e7b"),
    (
        "GET",
        "/p?q=*~!'()",
        "",
        "GET&/p&q=%2A~%21%27%28%29",
        "42a3438578185610d46f80c44cf7b70d55dde07db64a059acab5417218a8761a",
    ),
    ("GET", "/p?q=a,b", "", "GET&/p&q=a%2Cb", "c805312821c68da07198c93d1b2e0ce3e83576c0ef288f202fb42774653a0841"),
    ("GET", "/p?q=b&q=a", "", "GET&/p&q=a,b", "60c7176988fa60d8464c3c2d932857c3b0171a185eaf1c99ae7b1de1bb4842d0"),
    ("GET", "/p?q=", "", "GET&/p&q=", "74d6dff7598e81558eefd183ad1a41fabdd9eba72f94afce3cd8ae837027dd97"),
    ("GET", "/p?q", "", "GET&/p&q=", "74d6dff7598e81558eefd183ad1a41fabdd9eba72f94afce3cd8ae837027dd97"),
    ("GET", "/p?jwt=abc&q=1", "", "GET&/p&q=1", "855662a4cb08b9f3087c3e8cb1656bee4af8f94687e8974d4047ec52e75b30cd"),
    ("GET", "/a&b?x=1", "", "GET&/a%26b&x=1", "32b38a2a5340ad28b2415b53094f39b5a27b2864ddd99373377d6fb6fb25ed89"),
    (
        "GET",
        "/p?file=r%C3%A9sum%C3%A9%20v2.pdf",
        "",
        "GET&/p&file=r%C3%A9sum%C3%A9%20v2.pdf",
        "3e7ec32ea7d59626fbf433cf0e50f239a9131344902faddc73aad2fec042192e",
    ),
    (
        "GET",
        "/a%20b/c%2Fd?x=1",
        "",
        "GET&/a%20b/c%2Fd&x=1",
        "9d78910b79c356bbc839b2f25a79d1973521335bced29e9dbd47ca122d65bd7b",
    ),
    (
        "GET",
        "https://x.atlassian.net/wiki/api/v2/attachments/att123/properties?key=lock-state",
        "/wiki",
        "GET&/api/v2/attachments/att123/properties&key=lock-state",
        "18e20b3c036010b45df7bb7024a39ff64d545ec3afb8bffb682476df2e527f76",
    ),
    (
        "GET",
        "/rest/api/content/123/property?expand=version,content&limit=50",
        "",
        "GET&/rest/api/content/123/property&expand=version%2Ccontent&limit=50",
        "e915da4e8d41dde5db0ec2b6aa63c84abb934309639b668e83b59d8228749d96",
    ),
    (
        "GET",
        (
            "/panel?content.id=123&space.key=DS&xdm_e=https%3A%2F%2Fx.atlassian.net&xdm_c=channel-a__b&cp=%2Fwiki"
            "&xdm_deprecated_addon_key_do_not_use=a&lic=active&cv=1001.0.0&jwt=zz"
        ),
        "",
        (
            "GET&/panel&content.id=123&cp=%2Fwiki&cv=1001.0.0&lic=active&space.key=DS&xdm_c=channel-a__b"
            "&xdm_deprecated_addon_key_do_not_use=a&xdm_e=https%3A%2F%2Fx.atlassian.net"
        ),
        "1c026139503751fbe3679856fc938fc1dc16f920ea79ff136fe50365cdd9ec73",
    ),
    # The JavaScript package is the only source of these three.
    ("GET", "/p?a-b=2&a=1", "", "GET&/p&a=1&a-b=2", "6ef4d36f7c45c26c8fc0f37a5c673a619133fdc7364c65d59eb89a83d070eb95"),
    ("GET", "/p?a=1;b=2", "", "GET&/p&a=1%3Bb%3D2", "0e81c9d17ecf312c84c535c155fac76a5fc4af0bcafce6cfc0664bd798eef44a"),
    (
        "GET",
        "/p?q=%C3%A9&q=z&q=~",
        "",
        "GET&/p&q=z,~,%C3%A9",
        "cf26839ac6f5f5d036dd239d121280523f0b4255a99715672bdafc961188d33f",
    ),
]


@pytest.mark.parametrize(("method", "target", "base_path", "canonical", "digest"), VECTORS)
def test_vectors(method: str, target: str, base_path: str, canonical: str, digest: str) -> None:
    assert qsh.canonical_request(method, target, base_path) == canonical
    assert qsh.request_hash(method, target, base_path) == digest
    assert digest in qsh.accepted_hashes(method, target, base_path)


def test_repeated_values_may_be_sorted_encoded_or_decoded() -> None:
    """The written rule sorts encoded values, the packages sort decoded ones; incoming requests may do either."""
    written = hashlib.sha256(b"GET&/p&q=%C3%A9,z,~").hexdigest()
    usual = qsh.request_hash("GET", "/p?q=%C3%A9&q=z&q=~")
    assert set(qsh.accepted_hashes("GET", "/p?q=%C3%A9&q=z&q=~")) == {written, usual}
    assert len(qsh.accepted_hashes("GET", "/p?q=b&q=a")) == 1


@pytest.mark.parametrize(
    ("target", "canonical"),
    [
        ("/confluence2/x", "GET&/confluence2/x&"),
        ("/confluence", "GET&/&"),
        ("/confluence/", "GET&/&"),
        ("/confluence/x", "GET&/x&"),
    ],
)
def test_base_path_is_dropped_on_a_segment_boundary(target: str, canonical: str) -> None:
    assert qsh.canonical_request("GET", target, "/confluence") == canonical


@pytest.mark.parametrize(
    ("target", "canonical"),
    [
        ("//p//x", "GET&//p//x&"),
        ("/a%2fb", "GET&/a%2fb&"),
        ("/p//", "GET&/p/&"),
        ("/p?%6Awt=t&q=1", "GET&/p&q=1"),
        ("/p?JWT=t", "GET&/p&JWT=t"),
        ("/p?q=%ff", "GET&/p&q=%FF"),
        ("/p?&&q=1&", "GET&/p&q=1"),
        ("/p?=v", "GET&/p&=v"),
        ("/p#part?q=1", "GET&/p&"),
        ("/p?q=http://x/?a", "GET&/p&q=http%3A%2F%2Fx%2F%3Fa"),
    ],
)
def test_corners(target: str, canonical: str) -> None:
    """Escapes in the path stay as sent; of the query only the parameter `jwt` is left out."""
    assert qsh.canonical_request("GET", target) == canonical


NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8).filter(
    lambda text: text != "jwt"
)


@given(
    path=st.lists(st.from_regex(r"[A-Za-z0-9&@~._-]{1,6}", fullmatch=True), max_size=4),
    pairs=st.dictionaries(NAME, st.lists(NAME, min_size=1, max_size=3), max_size=4),
)
@example(path=["p"], pairs={"q": ["é", "z", "~"]})
def test_agrees_with_atlassians_python_package(path: list[str], pairs: dict[str, list[str]]) -> None:
    """Both canonicalise alike; the path has no colon, which that package reads as a scheme."""
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name in pairs for value in pairs[name])
    target = "/" + "/".join(path) + (f"?{query}" if query else "")
    assert qsh.canonical_request("GET", target) == atlassian_jwt.url_utils.canonicalize_request("get", target)
    assert qsh.request_hash("GET", target) in qsh.accepted_hashes("GET", target)


ODD_NAMES = [
    ("/p?%E4%B8%AD=1&a=2&%2C=3", "GET&/p&%2C=3&a=2&%E4%B8%AD=1"),
    ("/p?b=1&%C3%A4=2&jwt=x", "GET&/p&b=1&%C3%A4=2"),
    ("/p?a(=1&aa=2", "GET&/p&a%28=1&aa=2"),
    ("/p?aa=1&a+=2", "GET&/p&a%20=2&aa=1"),
    ("/p?%F0%9F%98%80=1&%EF%BF%BD=2", "GET&/p&%F0%9F%98%80=1&%EF%BF%BD=2"),
    ("/p?%FF=1&z=2", "GET&/p&z=2&%FF=1"),
]


@pytest.mark.parametrize(("target", "canonical"), ODD_NAMES)
def test_names_sorted_decoded_are_accepted_too(target: str, canonical: str) -> None:
    """As npm atlassian-jwt sorts them; the usual order still counts."""
    assert qsh.canonical_request("GET", target, order=qsh.Order.NODE) == canonical
    accepted = qsh.accepted_hashes("GET", target)
    assert hashlib.sha256(canonical.encode()).hexdigest() in accepted
    assert qsh.request_hash("GET", target) in accepted
    assert len(accepted) <= 3
