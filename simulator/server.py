"""One threaded HTTP server per site, over one World."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

from simulator.browser import cdn, pages
from simulator.connect import oauth
from simulator.control import actions, apps, forge, macros, people, simulation, webhooks
from simulator.forge import app_properties as forge_app_properties
from simulator.forge import frames, gateway, keys, product_calls
from simulator.forge.events import ForgeEvents
from simulator.forge.gateway import ForgeGateway
from simulator.http.gateway import Frontdoor
from simulator.http.web_server import WebServer
from simulator.model.clock import Clock, SharedTime
from simulator.persistence import Keeper, Keeping
from simulator.rest import (
    app_properties,
    content_properties,
    v1_content,
    v1_files,
    v1_groups,
    v1_people,
    v2_comments,
    v2_content,
    v2_drafts,
    v2_spaces,
)
from simulator.world import seed
from simulator.world.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

MODULES = (
    v2_content,
    v2_spaces,
    v2_drafts,
    v2_comments,
    content_properties,
    v1_files,
    v1_content,
    v1_groups,
    v1_people,
    app_properties,
    oauth,
    keys,
    gateway,
    forge_app_properties,
    frames,
    product_calls,
    forge,
    actions,
    apps,
    macros,
    people,
    webhooks,
    simulation,
    pages,
    cdn,
)


@dataclass(frozen=True, slots=True)
class RunningSite:
    """`base_url` as started (a rename changes `world.sites[key].base_url`)."""

    key: str
    port: int
    base_url: str


@dataclass(slots=True)
class Running:
    world: World
    sites: dict[str, RunningSite]
    servers: list[WebServer]
    threads: list[threading.Thread]

    @property
    def control_url(self) -> str:
        """Origin of `/_sim/…`."""
        return self.world.control_url

    @property
    def oauth_url(self) -> str:
        """The app's authorisation-server setting."""
        return self.world.oauth_url

    @property
    def install_keys_url(self) -> str:
        """The app's install-key host setting."""
        return self.world.install_keys_url

    @property
    def forge_keys_url(self) -> str:
        """The app's key-set setting."""
        return f"{self.world.control_url}/.well-known/jwks.json"

    @property
    def forge_api_url(self) -> str:
        """The app's setting of Atlassian's API; below it are `/ex/confluence/…` and `/graphql`."""
        return self.world.control_url

    def stop(self) -> None:
        """Return when all threads have ended."""
        self.world.webhooks.stop()
        for server in self.servers:
            server.shutdown()
        for thread in self.threads:
            thread.join(10)
        for server in self.servers:
            server.server_close()


@cache
def _routes() -> Flask:
    """The routes of every site; `Frontdoor` tells the world and site of each request."""
    app = Flask("simulator", static_folder=None)
    app.url_map.merge_slashes = False
    for module in MODULES:
        app.register_blueprint(module.blueprint)
    return app


def build_app(world: World, site_key: str) -> WSGIApplication:
    routes = _routes().wsgi_app
    doors = {key: Frontdoor(routes, world, key) for key in seed.site_names()}
    return ForgeGateway(doors[site_key], doors, world)


def start(
    port: int = 0,
    host: str = "127.0.0.1",
    name: str = "localhost",
    keep: Path | None = None,
    shared: SharedTime | None = None,
) -> Running:
    """Serve sites on `port`, `port + 1` and so on; 0 takes free ports.

    `name`: host name of base URLs; `keep`: file that state is restored from and saved to; `shared`: time that
    the app has, too. Raise OSError when a port is taken.
    """
    world = World(seed.fill, Clock(shared=shared))
    world.webhooks.other = ForgeEvents(world)
    keeper = Keeper(world, keep) if keep else None
    servers = [
        WebServer(host, port + index if port else 0, _kept(build_app(world, key), keeper))
        for index, key in enumerate(seed.site_names())
    ]
    ports = dict(zip(seed.site_names(), (server.server_port for server in servers), strict=True))
    world.open({key: f"http://{name}:{number}/wiki" for key, number in ports.items()})
    if keeper is not None:
        keeper.take_up()
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    sites = {key: RunningSite(key, number, world.sites[key].base_url) for key, number in ports.items()}
    return Running(world, sites, servers, threads)


def _kept(app: WSGIApplication, keeper: Keeper | None) -> WSGIApplication:
    return app if keeper is None else Keeping(app, keeper)
