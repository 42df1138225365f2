"""`lockpoint.wsgi:app`, built on import by a server process."""

from typing import Final

from lockpoint import bootstrap
from lockpoint.crash_reports import reporter
from lockpoint.logs import configure_logs
from lockpoint.settings import load_settings

_settings: Final = load_settings()
configure_logs(_settings.log_level, _settings.log_format, report=reporter(_settings.sentry_dsn))
app: Final = bootstrap.build_app(_settings)
