import pytest

from lockpoint.storage.engine import Database
from lockpoint.storage.tenancy.installations import PostgresInstallations
from tests.fakes.world import ACME, make_world
from tests.storage.conftest import install as put_site
from tests.storage.tenancy.rotation import ONLY_OLD, Stage


@pytest.fixture
def stage(database: Database) -> Stage:
    """The site was installed under the old root key."""
    tenant = put_site(PostgresInstallations(database, ONLY_OLD), ACME.site_key, base_url=ACME.base_url)
    return Stage(make_world(), database, tenant)
