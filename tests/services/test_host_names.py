import pytest

from lockpoint.services.host_names import LONGEST_NAME, is_host_name

LONG = "a" * 63


@pytest.mark.parametrize(
    "name", ["acme.atlassian.net", "a-1.jira.com", "localhost", "127.0.0.1", "xn--bcher-kva.example", f"{LONG}.net"]
)
def test_a_name(name: str) -> None:
    assert is_host_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "a..atlassian.net", ".atlassian.net", "atlassian.net.", "-a.net", "a-.net", "a_b.net", "A.net"),
        *(f"{LONG}a.atlassian.net", "bücher.example", "a.net\n", "a b.net", "[::1]"),
    ],
)
def test_no_name(name: str) -> None:
    assert not is_host_name(name)


def test_the_whole_has_an_end() -> None:
    whole = ".".join([LONG] * 4)[:LONGEST_NAME]
    assert is_host_name(whole)
    assert not is_host_name(whole + "a")
