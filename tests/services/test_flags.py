"""I23: lists and calls agree, in every state, for everybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lockpoint.domain.history.judge import FileStatus
from lockpoint.services.errors import UseCaseError
from tests.fakes.world import ALICE, BOB, CHARLIE, DANA, SAM
from tests.services.stage import Stage, make_stage


def _free(_stage: Stage) -> None:
    return


def _held(stage: Stage) -> None:
    stage.lock()


def _asked_for(stage: Stage) -> None:
    stage.lock()
    stage.request(stage.held.lock_id, BOB)


def _asked_for_and_ending(stage: Stage) -> None:
    _asked_for(stage)
    stage.world.clock.advance(hours=48)


def _asked_for_and_garbled(stage: Stage) -> None:
    _asked_for(stage)
    stage.world.site().put_lock_rows(stage.file.id)


def _asked_for_and_archived(stage: Stage) -> None:
    _asked_for(stage)
    stage.world.site().pages[stage.file.container.id].status = FileStatus.ARCHIVED


def _asked_for_and_the_app_shut_out(stage: Stage) -> None:
    _asked_for(stage)
    stage.world.site().pages[stage.file.container.id].restricted_to = {ALICE, BOB, CHARLIE, DANA, SAM}


def _asked_for_and_the_holder_may_only_view(stage: Stage) -> None:
    _asked_for(stage)
    stage.world.site().viewers.add(ALICE)


def _asked_for_by_a_manager(stage: Stage) -> None:
    """The call below names Bob, who does not ask."""
    stage.lock()
    stage.request(stage.held.lock_id, DANA)
    stage.decline(stage.held.lock_id, DANA)


def _ending(stage: Stage) -> None:
    stage.lock()
    stage.world.clock.advance(hours=48)


def _over(stage: Stage) -> None:
    stage.lock()
    stage.world.clock.advance(hours=49)


def _ended(stage: Stage) -> None:
    stage.release(stage.lock().lock.lock_id or "")


def _garbled(stage: Stage) -> None:
    stage.lock()
    stage.world.site().put_lock_rows(stage.file.id)


def _trashed(stage: Stage) -> None:
    stage.file.status = FileStatus.TRASHED


def _page_archived(stage: Stage) -> None:
    stage.lock()
    stage.world.site().pages[stage.file.container.id].status = FileStatus.ARCHIVED


def _app_may_only_view(stage: Stage) -> None:
    stage.lock()
    stage.world.site().viewers.add(stage.world.site().app_account)


def _app_shut_out(stage: Stage) -> None:
    stage.lock()
    stage.world.site().pages[stage.file.container.id].restricted_to = {ALICE, BOB, CHARLIE, DANA, SAM}


def _holder_may_only_view(stage: Stage) -> None:
    stage.lock()
    stage.world.site().viewers.add(ALICE)


STATES = {
    state.__name__.strip("_"): state
    for state in (
        _free,
        _held,
        _ending,
        _over,
        _ended,
        _garbled,
        _trashed,
        _page_archived,
        _app_may_only_view,
        _app_shut_out,
        _holder_may_only_view,
        _asked_for,
        _asked_for_and_ending,
        _asked_for_and_garbled,
        _asked_for_and_archived,
        _asked_for_and_the_app_shut_out,
        _asked_for_and_the_holder_may_only_view,
        _asked_for_by_a_manager,
    )
}
CALLS: dict[str, Callable[[Stage, str, str], object]] = {
    "lock": lambda stage, who, _: stage.lock(who),
    "release": lambda stage, who, lock: stage.release(lock, who),
    "extend": lambda stage, who, lock: stage.extend(lock, who),
    "break_": lambda stage, who, lock: stage.break_(lock, who),
    "take_over": lambda stage, who, lock: stage.take_over(lock, who),
    "notify_me": lambda stage, who, _: stage.ask(who),
    "request": lambda stage, who, lock: stage.request(lock, who),
    "decline": lambda stage, who, lock: stage.decline(lock, BOB, who),
    "hand_over": lambda stage, who, lock: stage.hand_over(lock, BOB, who, "needed"),
}


@pytest.mark.parametrize("who", [ALICE, BOB, CHARLIE, DANA, SAM], ids=["alice", "bob", "charlie", "dana", "sam"])
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_the_flags_say_what_the_calls_do(state: Callable[[Stage], None], who: str) -> None:
    """I23, L-20: UI and API use one rule."""
    for name, call in CALLS.items():
        stage = make_stage()
        state(stage)
        view = stage.show(who)
        listed = [row.lock for row in stage.rows(who)]
        assert listed in ([], [view])
        if name in {"lock", "notify_me"} or view.lock_id:
            # Acquiring one's own lock again extends it.
            flag = "extend" if name == "lock" and view.state.value == "mine" else name
            assert getattr(view.can, flag) == _allowed(stage, call, who, view.lock_id or ""), name


def _allowed(stage: Stage, call: Callable[[Stage, str, str], object], who: str, lock_id: str) -> bool:
    try:
        call(stage, who, lock_id)
    except UseCaseError:
        return False
    return True
