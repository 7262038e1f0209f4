"""What the centre measures: each metric by its name.

docs/operations.md says of each when to worry and what to do.
"""

from typing import Final

from shared.runtime.metrics import Metric, Sort

LEVEL, COUNT = Sort.LEVEL, Sort.COUNT

INFO: Final = "kopilka_central_info"
MEASURED_AGE: Final = "kopilka_central_measured_age_seconds"
FACTS_ANSWERED: Final = "kopilka_central_facts_answered_total"
OPEN_FACTS: Final = "kopilka_central_open_facts"
JOURNAL_LAG: Final = "kopilka_central_journal_lag_facts"
AGENTS: Final = "kopilka_central_agents"
SEEN_AGE: Final = "kopilka_central_agent_seen_age_seconds"
OLDEST_UNSENT: Final = "kopilka_central_oldest_unsent_seconds"
STREAM: Final = "kopilka_central_stream_number"
AUDIT_LAG: Final = "kopilka_central_audit_lag_facts"
AUDIT_GAPS: Final = "kopilka_central_audit_gaps"
DIVERGENT: Final = "kopilka_central_divergent_receipts"
STALE: Final = "kopilka_central_stale_receipts"
UNTIMED: Final = "kopilka_central_untimed_receipts"
STALE_DISCOUNT: Final = "kopilka_central_staleness_discount_rubles"
STALE_POINTS: Final = "kopilka_central_staleness_points"
DEBT_POINTS: Final = "kopilka_central_debt_points"
DEBT_ACCOUNTS: Final = "kopilka_central_debt_accounts"
LEASED: Final = "kopilka_central_leased_points"
ASKS: Final = "kopilka_central_asks_total"
RECOVERY: Final = "kopilka_central_recovery_missing_reports"
CONFLICTS: Final = "kopilka_central_conflicts"
BACKUP_AGE: Final = "kopilka_central_backup_age_seconds"
BROKEN_LAWS: Final = "kopilka_central_broken_laws"
CHECK_AGE: Final = "kopilka_central_law_check_age_seconds"
KEYS_DUE: Final = "kopilka_central_keys_due"
STORAGE_ERRORS: Final = "kopilka_central_storage_errors_total"
JOB_RUNS: Final = "kopilka_central_job_runs_total"

METRICS: Final = (
    Metric(INFO, LEVEL, "Always 1: which life of the database.", ("version", "incarnation")),
    Metric(MEASURED_AGE, LEVEL, "How old the levels are that a job measures."),
    Metric(FACTS_ANSWERED, COUNT, "Facts that this process has answered; again if sent again.",
           ("outcome",)),
    Metric(OPEN_FACTS, LEVEL, "Facts that wait, are quarantined or damaged.", ("outcome",)),
    Metric(JOURNAL_LAG, LEVEL, "Facts that a store's agent told of and that are not here.",
           ("store",)),
    Metric(AGENTS, LEVEL, "Stores' agents: online or silent.", ("state",)),
    Metric(SEEN_AGE, LEVEL, "How long ago a store's agent was heard.", ("store",)),
    Metric(OLDEST_UNSENT, LEVEL, "Age of a store's oldest unsent fact, as its agent told.",
           ("store",)),
    Metric(STREAM, LEVEL, "The newest number of a stream that many stores read.", ("stream",)),
    Metric(AUDIT_LAG, LEVEL, "Facts that are not evaluated again yet."),
    Metric(AUDIT_GAPS, LEVEL, "Facts that the audit has passed over, as they are not posted."),
    Metric(DIVERGENT, LEVEL, "Receipts of which the kernel finds something else, by verdict.",
           ("verdict",)),
    Metric(STALE, LEVEL, "Receipts that the centre's view would have priced otherwise."),
    Metric(UNTIMED, LEVEL, "Receipts of a clock that was not right."),
    Metric(STALE_DISCOUNT, LEVEL, "Rubles of discount, withheld or too much.", ("side",)),
    Metric(STALE_POINTS, LEVEL, "Points withheld, granted for it, or too many.", ("side",)),
    Metric(DEBT_POINTS, LEVEL, "Points that members owe."),
    Metric(DEBT_ACCOUNTS, LEVEL, "Accounts that owe points."),
    Metric(LEASED, LEVEL, "Points that stores hold: present ones, or stranded.", ("state",)),
    Metric(ASKS, COUNT, "Asks for points for a receipt, by what was given.", ("result",)),
    Metric(RECOVERY, LEVEL, "Stores that have not reported to a restored centre."),
    Metric(CONFLICTS, LEVEL, "Records for people, by kind and state.", ("kind", "state")),
    Metric(BACKUP_AGE, LEVEL, "How long ago the newest confirmed backup was begun."),
    Metric(BROKEN_LAWS, LEVEL, "Breaks of the ledger's laws that the last nightly look has found."),
    Metric(CHECK_AGE, LEVEL, "How long ago the laws were looked at."),
    Metric(KEYS_DUE, LEVEL, "1 while the root has to sign a list of keys."),
    Metric(STORAGE_ERRORS, COUNT, "Requests and jobs that the database failed."),
    Metric(JOB_RUNS, COUNT, "Runs of a job that this process has brought to their end.", ("job",)),
)  # fmt: skip
