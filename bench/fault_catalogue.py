"""The faults of the catalogue (F01-F54) and the tests that inject them.

A test counts for a fault when its docstring names the number, or when it stands here. A fault without a test is waived
only with a reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
NUMBER: Final = re.compile(r"\bF(\d\d)\b")

FAULTS: Final = {
    1: "409 on a property write, once or for ever",
    2: "a write that was done, answer lost",
    3: "a write that was not done, time-out",
    4: "a write that is done up to a minute late",
    5: "a stale read after a write",
    6: "one POST, two rows",
    7: "400 cannot update, 404 on a row, 410",
    8: "401, 403, right lost in the middle",
    9: "a single false 404",
    10: "429, a spent pool",
    11: "bursts of 5xx, a host that is half open",
    12: "latency",
    13: "resets, slow and sliced answers",
    14: "a download cut short or with other bytes",
    15: "an upload that is not visible at once",
    16: "an upload refused for its size",
    17: "garbage, HTML, wrong types",
    18: "redirects",
    19: "lists that change while they are read",
    20: "renumbered versions, deleted base",
    21: "events lost",
    22: "events doubled, permuted, late",
    23: "a storm of events",
    24: "huge and hostile events",
    25: "actor missing or unknown",
    26: "our own echo",
    27: "a program that uploads again and again",
    28: "a record edited, replayed, deleted, too large",
    29: "a page moved, trashed, restricted, purged",
    30: "installs forged, doubled, renamed, imported",
    31: "key hosts down, slow, flooded",
    32: "uninstall in the middle of a call",
    33: "Postgres down, frozen, failed over",
    34: "a commit that was done, answer lost",
    35: "Postgres restored from a backup, or empty",
    36: "Redis down, flushed, slow",
    37: "a mutex that ran out under its holder",
    38: "a crash at every port call",
    39: "SIGTERM in a job, rolling deploy",
    40: "a process that pauses for a minute",
    41: "two clock processes, or none",
    42: "a job that never works",
    43: "a wrong clock of ours",
    44: "a wrong Date of the host",
    45: "SMTP down, refusing, slow",
    46: "no address for a person",
    47: "DNS and TLS failures",
    48: "a noisy site",
    49: "disk full, output blocked, no file descriptors",
    50: "hostile names and notes",
    51: "accounts closed or deactivated",
    52: "an app-access rule",
    53: "keys half rotated",
    54: "a permission check that answers oddly",
}

CLIENT: Final = "tests/confluence/http/test_client.py"
PROTECT: Final = "tests/services/enforcement/test_protect.py"
WEBHOOKS: Final = "tests/web/connect/test_webhooks.py"
LISTS: Final = "tests/services/listing/test_page_files.py"
JUDGE: Final = "tests/domain/test_judge.py"
TESTS: Final[Mapping[int, tuple[str, ...]]] = {
    4: ("tests/services/test_idempotency.py::test_a_late_write_is_the_callers_lock",),
    7: (
        f"{CLIENT}::test_cannot_update_is_a_lost_race",
        "tests/confluence/test_properties.py::test_a_write_to_a_row_that_is_gone_loses",
        "tests/confluence/http/test_credentials.py::test_a_removed_operation_is_an_alarm",
    ),
    10: (
        f"{CLIENT}::test_retry_after_is_obeyed",
        f"{CLIENT}::test_a_spent_pool_stops_all_sites_without_calling",
        "tests/web/test_errors.py::test_exhausted_quota_is_busy",
    ),
    11: (f"{CLIENT}::test_a_site_that_does_not_answer_is_left_alone", f"{CLIENT}::test_repetitions_have_a_budget"),
    12: (f"{CLIENT}::test_a_slow_answer_is_given_up", f"{CLIENT}::test_the_deadline_covers_all_tries"),
    13: (
        f"{CLIENT}::test_the_deadline_covers_an_answer_that_trickles",
        f"{CLIENT}::test_a_read_survives_a_lost_answer",
    ),
    14: (
        "tests/confluence/test_attachments.py::test_a_download_cut_short_is_never_uploaded",
        "tests/confluence/test_versions.py::test_a_download_of_another_length_is_not_uploaded",
    ),
    17: (
        f"{CLIENT}::test_an_answer_that_is_not_an_object_is_a_typed_error",
        "tests/confluence/test_odd_answers.py::test_an_attachment_of_another_shape_is_a_typed_error",
    ),
    18: (
        f"{CLIENT}::test_redirects_are_not_followed",
        "tests/confluence/http/test_transport_downloads.py::test_redirect_loops_end",
    ),
    19: (
        "tests/confluence/test_versions.py::test_a_list_that_changed_while_it_was_read_is_read_again",
        "tests/confluence/test_versions.py::test_an_endless_list_ends",
    ),
    20: (
        f"{JUDGE}::test_base_is_known_by_time_not_number",
        f"{PROTECT}::test_a_deleted_middle_version_changes_nothing",
    ),
    21: ("tests/properties/test_hint_orders.py::test_the_end_does_not_depend_on_the_hints",),
    22: (
        "tests/properties/test_hint_orders.py::test_the_end_does_not_depend_on_the_hints",
        "tests/web/connect/test_inactive_sites.py::test_after_an_uninstall_there_is_silence",
    ),
    24: (
        "tests/web/connect/test_webhooks.py::test_hostile_bodies",
        "tests/web/connect/test_webhooks.py::test_too_large",
    ),
    25: (f"{PROTECT}::test_an_anonymous_overwrite_is_undone", f"{JUDGE}::test_own_account_unknown"),
    26: (f"{PROTECT}::test_nothing_follows_from_our_own_restoration",),
    27: (f"{PROTECT}::test_a_fight_is_given_up",),
    28: (
        "tests/services/reconciliation/test_reconcile.py::test_an_old_record_posted_again_is_a_replay",
        "tests/services/reconciliation/test_reconcile.py::test_a_copied_record_is_not_obeyed",
        "tests/services/reconciliation/test_reconcile.py::test_a_live_lock_is_healed_within_one_sweep",
        "tests/domain/test_signed_record.py::test_too_large_to_store",
    ),
    31: (
        "tests/connect/test_install_keys.py::test_old_keys_work_while_the_hosts_are_down",
        "tests/connect/test_install_keys.py::test_invented_key_ids_cannot_hammer_the_hosts",
    ),
    32: (
        f"{PROTECT}::test_an_uninstall_in_the_middle_of_a_restore_stops_it",
        "tests/services/notifications/test_send_mail.py::test_a_site_that_leaves_during_the_look_up_gets_no_mail",
    ),
    35: (
        f"{LISTS}::test_after_the_loss_of_the_database_the_lock_holds_and_is_listed_again",
        "tests/e2e/test_restored.py::test_a_restored_backup_makes_a_working_app",
    ),
    40: (
        f"{PROTECT}::test_a_look_that_outlives_its_lock_undoes_nothing",
        "tests/properties/test_mutants.py::test_the_right_design_is_not",
    ),
    47: (
        "tests/confluence/http/test_transport.py::test_a_certificate_that_does_not_fit_gets_no_request",
        f"{CLIENT}::test_nobody_at_home_is_tried_four_times_also_for_writes",
    ),
    51: (
        "tests/services/privacy/test_report_accounts.py::test_a_closed_account_is_erased_and_never_reported_again",
        "tests/services/privacy/test_erase.py::test_an_erased_person_is_nowhere",
    ),
    52: (
        "tests/services/locks/test_acquire.py::test_an_app_shut_out_in_the_middle_of_the_call_is_app_blocked",
        f"{PROTECT}::test_an_app_that_may_not_edit_flags",
    ),
    54: ("tests/confluence/test_odd_answers.py::test_only_the_exact_permission_makes_an_admin",),
}

WAIVED: Final[Mapping[int, str]] = {}
"""Faults that no test injects, each with its reason."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one fault is injected by; `missing` are tests named above that do not exist."""

    number: int
    tests: tuple[str, ...]
    missing: tuple[str, ...]
    waived: str

    @property
    def covered(self) -> bool:
        return bool(self.tests) and not self.missing


def coverage(folder: Path = ROOT / "tests") -> list[Coverage]:
    """Return the coverage of every fault by the tests of a folder."""
    words = _docstrings(folder)
    named: dict[int, list[str]] = {}
    for test, text in words.items():
        for number in set(NUMBER.findall(text)):
            named.setdefault(int(number), []).append(test)
    return [_of(number, named.get(number, []), words) for number in FAULTS]


def _of(number: int, named: list[str], known: Mapping[str, str]) -> Coverage:
    listed = TESTS.get(number, ())
    there = dict.fromkeys([*named, *(test for test in listed if test in known)])
    return Coverage(number, tuple(there), tuple(set(listed) - set(known)), WAIVED.get(number, ""))


def _docstrings(folder: Path) -> dict[str, str]:
    """Return the words of every test: its own docstring, or its module's where that names a fault."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        place = path.relative_to(folder.parent).as_posix()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[f"{place}::{node.name}"] = f"{ast.get_docstring(tree) or ''} {ast.get_docstring(node) or ''}"
    return found
