"""Who is calling, for each kind of route.

A person can make every request that a screen can make, by hand and with any path, body and header: nothing that a
screen's token carries may reach a route of the platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockpoint.connect.tokens import OUT_OF_TIME, InTime, Reason, TokenRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockpoint.forge.invocation import Invocation, Invocations

SCREENS: Final = frozenset(
    {
        *("ep-ui", "byline", "page-menu", "locked-files", "macro-export", "my-locks", "space", "space-permissions"),
        *("admin", "configure", "get-started"),
    }
)
"""Keys of modules that a person opens, and of their endpoint, as the manifest names them."""


@dataclass(frozen=True, slots=True)
class ForgeInbound:
    """`now` gives seconds since 1970. Methods raise TokenRefusedError, and Busy while keys cannot be fetched."""

    invocations: Invocations
    now: Callable[[], float]
    on_time: Callable[[InTime], None] = lambda _in_time: None
    """Hears of each token whose signature is right whether it came in its time."""

    def person(self, authorization: str | None) -> Invocation:
        """Somebody at a screen."""
        found = self._verified(authorization)
        if found.person is None:
            raise TokenRefusedError(Reason.NO_ACCOUNT, found.installation)
        return found

    def function(self, authorization: str | None) -> Invocation:
        """Our function at Forge, or a screen that calls by hand: what it may see depends on a person's token."""
        return self._verified(authorization)

    def platform(self, authorization: str | None) -> Invocation:
        """Forge itself: events, lifecycle, schedule, goodbye.

        Absence of a person is no test: events of some apps name one (F6).
        """
        found = self._verified(authorization)
        if found.on_screen or found.module in SCREENS:
            raise TokenRefusedError(Reason.SCREEN, found.installation)
        return found

    def _verified(self, authorization: str | None) -> Invocation:
        try:
            found = self.invocations.verify(authorization, self.now())
        except TokenRefusedError as refusal:
            if refusal.reason in OUT_OF_TIME:
                self.on_time(InTime.NO)
            raise
        self.on_time(InTime.YES)
        return found
