"""Operators' commands against the tests' running application."""

from __future__ import annotations

from click.testing import CliRunner, Result

from lockpoint.cli import main
from tests.web.live_app import LiveApp

LISTS = ("allowed_hosts", "install_key_urls", "forge_environments")


def lockpoint(live: LiveApp, *arguments: str, given: str = "") -> Result:
    """Run `lockpoint …` with the application's settings; `given` is standard input."""
    fields = type(live.settings).model_fields
    environment = {
        field.alias: ",".join(key.get_secret_value() for key in value) if name == "secret_keys" else str(value)
        for name, field in fields.items()
        if field.alias and not isinstance(value := getattr(live.settings, name), bool) and value is not None
    }
    environment |= {str(fields[name].alias): ",".join(getattr(live.settings, name)) for name in LISTS}
    environment["LOCKPOINT_LICENSING"] = "on" if live.settings.licensing else "off"
    return CliRunner(env=environment).invoke(main, arguments, input=given)
