"""Quota, retries, deadline and typed errors around single HTTP tries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from lockpoint.confluence.http.calls import Call, Caller, Repeat, Reply
from lockpoint.confluence.http.circuit_breaker import CircuitBreaker
from lockpoint.confluence.http.error_mapping import (
    error_for,
    host_quota,
    http_date,
    retry_after,
    whole_pool,
    worth_repeating,
)
from lockpoint.confluence.http.json_reader import Answer, parse
from lockpoint.confluence.http.retries import LONGEST_RETRY_AFTER, MOST_TRIES, Pace, RetryBudget, jittered_wait
from lockpoint.confluence.http.sessions import Sessions
from lockpoint.confluence.http.transport import BrokenError, NoCredentialsError, NotSentError, Raw, Wire
from lockpoint.services.context import Priority
from lockpoint.services.deadlines import seconds_left
from lockpoint.services.errors import (
    BadAnswer,
    HostError,
    HostUnavailable,
    OperationRemoved,
    QuotaExceeded,
    ScopeMissing,
    Unauthorised,
)
from lockpoint.services.quota_accounting import current_use_case

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lockpoint.confluence.http.credentials import PersonTokens, RequestSigner
    from lockpoint.confluence.http.quota import PointsQuota
    from lockpoint.services.context import Tenant

    RefusalHeard = Callable[[int, float, datetime | None], None]

DEADLINE_SECONDS: Final = {
    Priority.INTERACTIVE: 20.0,
    Priority.EVENT: 45.0,
    Priority.SWEEP: 45.0,
    Priority.MAINTENANCE: 45.0,
}
DEADLINE_BYTES_SECONDS: Final = 150.0
SHORTEST_CALL: Final = 1.0
"""Seconds that must be left to begin a call."""
SLOW_SECONDS: Final = 5.0
"""A person's call that takes so long holds up others; a job's is only slow."""

_SUCCESS: Final = 200
_REDIRECT: Final = 300
_SERVER_ERROR: Final = 500
_CREDENTIALS_REFUSED: Final = frozenset({401, 403})

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Failure:
    """`undone`: certainly changed nothing; `wait`: what the host asked for."""

    error: HostError
    repeatable: bool
    undone: bool
    wait: float | None = None


class _NotAdmittedError(Exception):
    """Nothing was sent."""

    def __init__(self, error: HostError) -> None:
        super().__init__()
        self.error = error


class ConfluenceClient:
    """Thread-safe; returns JSON or raises a `HostError`.

    Up to four tries on network errors, 429, 502, 503 and 504 for reads and writes that name the version they replace;
    for other writes only after a try that certainly did nothing. A repeat refused after a try of unknown outcome is
    `HostUnavailable`, never `LostRace`: it may have lost against itself.
    """

    def __init__(
        self,
        *,
        signer: RequestSigner,
        person_tokens: PersonTokens,
        budget: PointsQuota,
        pace: Pace | None = None,
        sessions: Sessions | None = None,
        on_refused: RefusalHeard = lambda _tenant_id, _seconds, _told: None,
    ) -> None:
        """`on_refused` hears when a site that refused our signature says that it is, and how long it took."""
        self._pace = pace or Pace()
        self._wire = Wire(sessions or Sessions(), signer, person_tokens, self._pace)
        self._signer = signer
        self._person_tokens = person_tokens
        self._budget = budget
        self._on_refused = on_refused
        self._breaker = CircuitBreaker(self._pace.monotonic)
        self._retries = RetryBudget()

    def ask(self, caller: Caller, call: Call) -> Reply:
        """`HostUnavailable` when a write's answer is unreadable: the outcome is unknown."""
        seconds = DEADLINE_BYTES_SECONDS if call.carries_bytes else DEADLINE_SECONDS[caller.priority]
        raw = self._repeat(caller, call, seconds, lambda deadline: self._wire.once(caller, call, deadline))
        try:
            answer = parse(call.name, raw.body)
        except BadAnswer as error:
            if call.reads:
                raise
            raise HostUnavailable(f"{error}; the outcome is unknown") from None
        self._pay_for(caller, call, answer)
        return Reply(answer, http_date(raw.headers.get("Date", "")))

    def tell(self, caller: Caller, call: Call) -> None:
        self.exchange(caller, call)

    def exchange(self, caller: Caller, call: Call) -> Raw:
        """Return status and headers too."""
        seconds = DEADLINE_SECONDS[caller.priority]
        return self._repeat(caller, call, seconds, lambda deadline: self._wire.once(caller, call, deadline))

    def fetch(self, caller: Caller, call: Call, *, most: int) -> bytes:
        """`TooLarge` above `most` bytes, held in memory."""
        raw = self._repeat(
            caller, call, DEADLINE_BYTES_SECONDS, lambda deadline: self._wire.download(caller, call, deadline, most)
        )
        return raw.body

    def forget(self, tenant: Tenant) -> None:
        """Forget points and failures; close connections."""
        self._budget.forget(tenant.id)
        self._breaker.answered(tenant.id)
        self._wire.sessions.forget(tenant.base_url)

    def pause(self, seconds: float) -> None:
        self._pace.sleep(seconds)

    def _repeat(self, caller: Caller, call: Call, seconds: float, once: Callable[[float], Raw]) -> Raw:
        left = seconds_left()
        if left < SHORTEST_CALL:
            raise HostUnavailable(f"{call.name}: no time is left for another call")
        deadline = self._pace.monotonic() + min(seconds, left)
        self._retries.earn()
        doubt = False
        for tries in range(1, MOST_TRIES + 1):
            outcome = self._try(caller, call, once, deadline)
            if isinstance(outcome, Raw):
                return outcome
            doubt = doubt or not outcome.undone
            if not self._go_on(call, outcome, tries, deadline):
                raise self._final(caller, call, outcome.error, doubt=doubt)
        raise AssertionError("unreachable: the last try always ends the loop")

    def _try(self, caller: Caller, call: Call, once: Callable[[float], Raw], deadline: float) -> Raw | _Failure:
        tenant, begun = caller.tenant.id, self._pace.monotonic()
        try:
            self._admit(caller, call)
            raw = once(deadline)
        except _NotAdmittedError as refusal:
            return _Failure(refusal.error, repeatable=False, undone=True)
        except (NotSentError, BrokenError) as error:
            self._breaker.failed(tenant)
            undone = isinstance(error, NotSentError)
            cause = "no connection" if undone else "no whole answer"
            return _Failure(HostUnavailable(f"{call.name}: {cause}"), repeatable=True, undone=undone)
        except NoCredentialsError as refusal:
            self._breaker.not_asked(tenant)
            raise refusal.error from None
        except HostError:
            self._breaker.answered(tenant)  # oddly
            raise
        self._note(caller, raw, slow=self._held_up(caller, call, begun))
        if raw.status in _CREDENTIALS_REFUSED and "Age" not in raw.headers:  # a cache's answer is of another time
            self._on_refused(tenant, self._pace.monotonic() - begun, http_date(raw.headers.get("Date", "")))
        return raw if _SUCCESS <= raw.status < _REDIRECT else self._refused(caller, call, raw)

    def _admit(self, caller: Caller, call: Call) -> None:
        try:
            self._budget.admit(caller.tenant.id, caller.priority)
        except QuotaExceeded as error:
            raise _NotAdmittedError(error) from None
        if not self._breaker.admits(caller.tenant.id):
            raise _NotAdmittedError(HostUnavailable(f"{call.name}: the site does not answer; calls to it are paused"))

    def _held_up(self, caller: Caller, call: Call, begun: float) -> bool:
        waiting = caller.priority is Priority.INTERACTIVE and not (call.carries_bytes or call.fetches_file)
        return waiting and self._pace.monotonic() - begun >= SLOW_SECONDS

    def _note(self, caller: Caller, raw: Raw, *, slow: bool) -> None:
        tenant = caller.tenant.id
        if raw.status >= _SERVER_ERROR:
            self._breaker.failed(tenant)
        elif slow:
            self._breaker.answered_slowly(tenant)
        else:
            self._breaker.answered(tenant)
        self._budget.spend(tenant, caller.priority, current_use_case(), 1)
        said = host_quota(raw.headers)
        if said is not None:
            self._budget.host_said(said)

    def _refused(self, caller: Caller, call: Call, raw: Raw) -> _Failure:
        error = error_for(call.name, raw.status, raw.headers, raw.body)
        if isinstance(error, Unauthorised) and self._renewed(caller):
            return _Failure(error, repeatable=True, undone=True, wait=0.0)
        if isinstance(error, QuotaExceeded):
            self._block_calls(caller, error, raw)
        undone = not isinstance(error, HostUnavailable)
        return _Failure(error, worth_repeating(raw.status), undone, retry_after(raw.headers))

    def _renewed(self, caller: Caller) -> bool:
        """Forget the refused token; return whether the app has another one already."""
        if caller.account is None:
            return self._signer.refused(caller.tenant)
        self._person_tokens.drop(caller.tenant.id, caller.account)
        return False

    def _block_calls(self, caller: Caller, error: QuotaExceeded, raw: Raw) -> None:
        whole = whole_pool(raw.headers)
        if whole is not None and error.retry_after > LONGEST_RETRY_AFTER:
            self._budget.block(error.retry_after, tenant_id=None if whole else caller.tenant.id)

    def _go_on(self, call: Call, failure: _Failure, tries: int, deadline: float) -> bool:
        if not failure.repeatable or tries == MOST_TRIES:
            return False
        if call.repeat is not Repeat.FREELY and not failure.undone:
            return False
        wait = self._wait_for(failure, tries)
        if wait is None or self._pace.monotonic() + wait >= deadline or not self._retries.take():
            return False
        self._pace.sleep(wait)
        return True

    def _wait_for(self, failure: _Failure, tries: int) -> float | None:
        chance = self._pace.chance()
        if failure.wait is None:
            return jittered_wait(tries, chance)
        return failure.wait * (1 + 0.3 * chance) if failure.wait <= LONGEST_RETRY_AFTER else None

    def _final(self, caller: Caller, call: Call, error: HostError, *, doubt: bool) -> HostError:
        if isinstance(error, ScopeMissing):
            _log.error("the app's manifest lacks a scope", operation=call.name, tenant=caller.tenant.id)
        elif isinstance(error, OperationRemoved):
            _log.error("confluence removed an operation", operation=call.name, tenant=caller.tenant.id)
        elif isinstance(error, HostUnavailable | QuotaExceeded | Unauthorised):
            cause = type(error).__name__
            _log.warning("confluence call failed", operation=call.name, cause=cause, tenant=caller.tenant.id)
        if doubt and not call.reads and not isinstance(error, HostUnavailable):
            return HostUnavailable(f"{call.name}: refused after a try whose outcome is unknown")
        return error

    def _pay_for(self, caller: Caller, call: Call, answer: Answer) -> None:
        objects = call.points(answer) - 1
        if objects:
            self._budget.spend(caller.tenant.id, caller.priority, current_use_case(), objects)
