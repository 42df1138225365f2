import pytest

from tests.services.tenancy.switches import WAYS, Switch


@pytest.fixture(params=WAYS)
def switch(request: pytest.FixtureRequest) -> Switch:
    """Each way to switch a space off and on."""
    found: Switch = WAYS[request.param]
    return found
