"""`lockpoint.wsgi:app`, for WSGI servers: built when a server process imports it."""

from typing import Final

from lockpoint import bootstrap
from lockpoint.logs import configure_logs
from lockpoint.settings import load_settings

configure_logs()
app: Final = bootstrap.build_app(load_settings())
