"""Webhook delivery: one POST, no retry but for Forge; delayed, doubled, lost or shuffled on demand."""

from __future__ import annotations

import heapq
import itertools
import json
import random
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import requests

from simulator.model import tokens
from simulator.model.permissions import may
from simulator.webhooks.deliveries import Delivery, Settings, declared_paths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulator.model.clock import Clock
    from simulator.model.entities import Content, Installation
    from simulator.model.site import Site

TIMEOUT_SECONDS = 10
MORE_TRIES = 4
RETRY_SECONDS = 60.0
SLICE_SECONDS = 0.2


class OtherEvents(Protocol):
    """Of Forge, which tries again."""

    def of(
        self, site: Site, event: str, body: dict[str, object], content: Content | None
    ) -> Iterable[tuple[str, str, str, bytes]]: ...

    def post(self, site: Site, delivery: Delivery) -> int: ...


class Webhooks:
    """Queue and delivery thread."""

    def __init__(self, sites: dict[str, Site], clock: Clock) -> None:
        self._sites = sites
        self._clock = clock
        self._changed = threading.Condition()
        self._ids = itertools.count(1)
        self._turns = itertools.count(1)
        self._queue: list[tuple[float, int, Delivery]] = []
        self._held: list[Delivery] = []
        self._busy = 0
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._session = requests.Session()
        self._session.trust_env = False
        self.other: OtherEvents | None = None
        self.settings: dict[str, Settings] = {}
        self.log: deque[Delivery] = deque(maxlen=20_000)

    def raise_event(self, site: Site, event: str, body: dict[str, object], content: Content | None = None) -> None:
        """Queue an event for enabled apps that declared it and may see its content."""
        for installation in site.installations.values():
            if installation.state != "enabled":
                continue
            if content is not None and not may(site, installation.account_id, "read", content):
                continue
            for path in declared_paths(installation.app, event):
                self._enqueue(site, installation.app.key, event, path, json.dumps(body).encode())
        if self.other is not None:
            for app, name, path, data in self.other.of(site, event, body, content):
                self._enqueue(site, app, name, path, data)

    def send(self, site: Site, event: str, body: dict[str, object], times: int = 1) -> int:
        """Queue any body to an event's declared paths, in any app state; return how many."""
        queued = 0
        for installation in site.installations.values():
            for path in declared_paths(installation.app, event) * times:
                self._push(site.key, installation.app.key, event, path, json.dumps(body).encode(), 0.0)
                queued += 1
        return queued

    def replay(self, number: int, times: int = 1) -> int:
        """0 for an unknown number."""
        old = next((delivery for delivery in self.deliveries() if delivery.id == number), None)
        for _ in range(times if old else 0):
            if old is not None:
                self._push(old.site, old.app_key, old.event, old.path, old.body, 0.0)
        return times if old else 0

    def deliveries(self) -> list[Delivery]:
        """Oldest first."""
        return list(self.log)

    def settings_of(self, site: str) -> Settings:
        return self.settings.setdefault(site, Settings())

    def _enqueue(self, site: Site, app_key: str, event: str, path: str, data: bytes) -> None:
        settings = self.settings_of(site.key)
        for _ in range(1 + settings.duplicate):
            delay = settings.delay_seconds + settings.chance.random() * settings.jitter_seconds
            self._push(site.key, app_key, event, path, data, delay, settings)

    def _push(
        self,
        site: str,
        app_key: str,
        event: str,
        path: str,
        body: bytes,
        delay: float,
        settings: Settings | None = None,
    ) -> None:
        delivery = Delivery(next(self._ids), site, app_key, event, path, body)
        self.log.append(delivery)
        if settings and self._loses(settings):
            delivery.outcome = "lost"
            return
        with self._changed:
            if settings and (settings.hold or settings.shuffle):
                self._held.append(delivery)
                return
            self._schedule(delivery, delay)

    @staticmethod
    def _loses(settings: Settings) -> bool:
        if settings.lose_next > 0:
            settings.lose_next -= 1
            return True
        return settings.loss_rate > 0 and settings.chance.random() < settings.loss_rate

    def _schedule(self, delivery: Delivery, delay: float) -> None:
        heapq.heappush(self._queue, (time.monotonic() + delay, next(self._turns), delivery))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            try:
                self._deliver(delivery)
            finally:
                with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()

    def _next(self) -> Delivery | None:
        with self._changed:
            while not self._stopped:
                wait = self._queue[0][0] - time.monotonic() if self._queue else None
                if wait is not None and wait <= 0:
                    self._busy += 1
                    return heapq.heappop(self._queue)[2]
                self._changed.wait(wait)
        return None

    def _deliver(self, delivery: Delivery) -> None:
        site = self._sites.get(delivery.site)
        installation = site.installations.get(delivery.app_key) if site else None
        if site and self.other is not None and delivery.app_key in site.forge:
            self._deliver_otherwise(site, delivery, self.other)
            return
        if installation is None:
            delivery.outcome = "failed"
            return
        started = time.monotonic()
        try:
            answer = self._post(installation, delivery)
        except requests.RequestException:
            delivery.outcome = "failed"
        else:
            delivery.status = answer.status_code
            delivery.outcome = "delivered" if answer.status_code in {200, 204} else "failed"
        delivery.seconds = time.monotonic() - started

    def _deliver_otherwise(self, site: Site, delivery: Delivery, other: OtherEvents) -> None:
        """Tried again up to four times."""
        delivery.status = other.post(site, delivery)
        done = 200 <= delivery.status < 300  # noqa: PLR2004 - a success
        delivery.outcome = "delivered" if done else "failed"
        if not done and delivery.tries < MORE_TRIES:
            delivery.tries += 1
            delivery.outcome = "waiting"
            with self._changed:
                self._schedule(delivery, RETRY_SECONDS)

    def _post(self, installation: Installation, delivery: Delivery) -> requests.Response:
        base = installation.app.base_url
        joint = "&" if "?" in delivery.path else "?"
        url = f"{base}{delivery.path}{joint}lic={installation.licence}"
        parts = urlsplit(url)
        now = self._clock.token_now()
        claims = {
            "iss": installation.client_key,
            "iat": now,
            "exp": now + tokens.FRAME_SECONDS,
            "qsh": tokens.qsh("POST", f"{parts.path}?{parts.query}", urlsplit(base).path.rstrip("/")),
        }
        headers = {
            "Authorization": f"JWT {tokens.sign(claims, installation.shared_secret)}",
            "Content-Type": "application/json",
            "Atlassian-Connect-Version": "simulator",
        }
        return self._session.post(
            url, data=delivery.body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )

    def waiting(self) -> list[Delivery]:
        """Held ones last."""
        with self._changed:
            return [item[2] for item in sorted(self._queue, key=lambda item: item[:2])] + list(self._held)

    def release(self, *, now: bool = False) -> None:
        """Shuffled where the site shuffles; `now` ends all delays."""
        with self._changed:
            held, self._held = self._held, []
            shuffled = [d for d in held if self.settings_of(d.site).shuffle]
            random.Random(len(self.log)).shuffle(shuffled)
            order = iter(shuffled)
            for delivery in held:
                self._schedule(next(order) if self.settings_of(delivery.site).shuffle else delivery, 0.0)
            if now:
                self._queue = [(0.0, turn, delivery) for _, turn, delivery in self._queue]
                heapq.heapify(self._queue)
                self._changed.notify_all()

    def drain(self, timeout: float = 10.0, *, now: bool = True) -> bool:
        """Release everything and wait for delivery; False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self.release(now=now)
            with self._changed:
                # In slices: what was tried in vain waits again.
                left = min(SLICE_SECONDS, deadline - time.monotonic())
                self._changed.wait_for(lambda: not (self._queue or self._busy), left)
                if not (self._queue or self._busy or self._held):
                    return True
        return False

    def clear(self) -> None:
        """Queue, log and settings."""
        with self._changed:
            self._queue.clear()
            self._held.clear()
            self.log.clear()
            self.settings.clear()

    def stop(self) -> None:
        """Waiting deliveries are dropped."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(TIMEOUT_SECONDS + 1)
        self._session.close()
