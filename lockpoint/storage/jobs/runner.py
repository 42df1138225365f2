"""The worker: threads for the jobs, one loop that fetches them, and a stop within a fixed time."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NoReturn

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job
from procrastinate.worker import Worker

from lockpoint.services.errors import NoTokenYet, StorageUnavailable
from lockpoint.services.ports.jobs import JobHandler, JobKind
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.connector import PooledConnector
from lockpoint.storage.jobs.enqueue import QUEUE_NAME
from lockpoint.storage.jobs.parked_jobs import (
    SILENCE,
    note_cause,
    put_off,
    put_off_for_token,
    requeue_lost,
    requeue_stalled,
)
from lockpoint.storage.jobs.places import FairJobs, WorkerPlaces
from lockpoint.storage.jobs.retry_policy import EXPECTED, Drop, Later, fate_of

PLACES: Final = 16
GRACE: Final = 25.0
HEARTBEAT: Final = 3.0
_PAUSE_AFTER_FAILURE: Final = 2.0

logger = logging.getLogger(__name__)


class Parked(Exception):
    """The job stays in the queue's table as failed."""


class _Again(BaseRetryStrategy):
    """Retries a job soon when even storing what to do with it failed."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        del job
        return None if isinstance(exception, Parked) else RetryDecision(retry_in={"seconds": 10})


class ProcrastinateRunner:
    """Runs `places` jobs at a time, of one site half as many; at a stop they have `grace` seconds to end."""

    def __init__(self, database: Database, *, places: int = PLACES, grace: float = GRACE) -> None:
        self._database = database
        self._places = places
        self._taken = WorkerPlaces(places)
        self._grace = grace
        self._running: dict[int, int] = {}

    def run(self, handlers: Mapping[JobKind, JobHandler]) -> None:
        """Work until SIGTERM or SIGINT; the next worker takes jobs that outlast the grace time."""
        asyncio.run(self._serve(handlers))

    async def _serve(self, handlers: Mapping[JobKind, JobHandler]) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self._places + 2))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        app = self._app(handlers)
        async with app.open_async():
            while not stop.is_set():
                await self._live(app, stop)

    async def _live(self, app: App, stop: asyncio.Event) -> None:
        """Run one worker until the stop, or until it loses the database."""
        self._taken.reset(list(self._running.values()))
        worker = Worker(
            app,
            queues=[QUEUE_NAME],
            concurrency=self._places,
            fetch_job_polling_interval=2,
            shutdown_graceful_timeout=self._grace,
            delete_jobs=DeleteJobCondition.SUCCESSFUL,
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=SILENCE.total_seconds(),
        )
        working = asyncio.create_task(worker.run())  # type: ignore[no-untyped-call]
        housekeeping = asyncio.create_task(self._keep_house(app, worker))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        worker.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait({working}, timeout=self._grace + _PAUSE_AFTER_FAILURE)
        housekeeping.cancel()
        stopping.cancel()
        if not working.done():
            _leave("jobs are still running after the grace time; the next worker takes them up")
        failure = working.exception()
        if failure is not None and not stop.is_set():
            logger.warning("the worker lost the database (%s), it starts again", type(failure).__name__)
            await asyncio.sleep(_PAUSE_AFTER_FAILURE)

    async def _keep_house(self, app: App, worker: Worker) -> None:
        """Send heartbeats, also while stopping, and requeue the jobs of dead workers."""
        while True:
            try:
                await asyncio.to_thread(requeue_stalled, self._database)
                if worker.worker_id is not None:
                    await app.job_manager.update_heartbeat(worker.worker_id)
                    await asyncio.to_thread(requeue_lost, self._database, worker.worker_id, sorted(self._running))
            except (StorageUnavailable, ConnectorException) as error:
                logger.warning("no housekeeping: %s", type(error).__name__)
            await asyncio.sleep(HEARTBEAT)

    def _app(self, handlers: Mapping[JobKind, JobHandler]) -> App:
        connector = PooledConnector(self._database)
        app = App(connector=connector)
        app.job_manager = FairJobs(connector, self._taken)
        for kind, handler in handlers.items():
            app.task(name=kind.value, queue=QUEUE_NAME, pass_context=True, retry=_Again())(self._task(kind, handler))
        return app

    def _task(self, kind: JobKind, handler: JobHandler) -> Callable[..., None]:
        def perform(context: JobContext, tenant_id: int, subject: str, cause: str | None = None) -> None:
            del cause  # of an earlier parking
            job = context.job
            number = -1 if job.id is None else job.id
            self._running[number] = tenant_id
            begin, outcome = time.monotonic(), "done"
            try:
                handler(tenant_id, subject)
            except Exception as error:  # noqa: BLE001 - `fate_of` decides about every failure
                outcome = "waits" if isinstance(error, NoTokenYet) else "failed"
                self._settle(kind, number, tenant_id, job.attempts, error)
            finally:
                self._running.pop(number, None)
                self._taken.give_back(tenant_id)
                _tell(kind, tenant_id, outcome, time.monotonic() - begin)

        return perform

    def _settle(self, kind: JobKind, number: int, tenant_id: int, attempts: int, error: Exception) -> None:
        decision = fate_of(error, kind, attempts)
        name = type(error).__name__
        if isinstance(error, NoTokenYet):
            logger.info("job %s (%s) waits for a token of its site", number, kind.value)
        else:
            level = logging.WARNING if isinstance(error, EXPECTED) else logging.ERROR
            what = {"exception": name, "at": _frames(error)}
            logger.log(level, "job %s (%s) failed with %s: %s", number, kind.value, name, decision, extra=what)
        if isinstance(decision, Drop):
            return
        with self._database.transaction() as connection:
            if isinstance(decision, Later) and isinstance(error, NoTokenYet):
                put_off_for_token(connection, number, attempts, tenant_id, decision.seconds)
                return
            if isinstance(decision, Later):
                put_off(connection, number, attempts, decision.seconds, counts=decision.counts)
                return
            note_cause(connection, number, name)
        raise Parked(name) from None


def _tell(kind: JobKind, tenant_id: int, outcome: str, seconds: float) -> None:
    """Without its subject, which can name a person."""
    line = {"kind": kind.value, "tenant": tenant_id, "outcome": outcome, "seconds": round(seconds, 3)}
    logger.info("job", extra=line)


def _frames(error: Exception) -> list[str]:
    """Without message and values, which may be a customer's data."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]


def _leave(reason: str) -> NoReturn:
    """End the process although threads still work; the interpreter would wait for them."""
    logger.warning(reason)
    logging.shutdown()
    os._exit(1)
