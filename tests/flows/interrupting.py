"""Presses Ctrl-C while `difficulty-prior sql` computes: not after some seconds, but once a thread of it has computed for a while."""

import signal
import subprocess
import time
from pathlib import Path

import psutil

from tests.flows.runs import command, environment
from tests.patience import PATIENCE_S

COMPUTED_S, LOOK_S = 0.3, 0.02
HEAVY = {
    "cross join": "select count(*) from range(100000000) a, range(100000000) b",
    "filtered cross join": "select count(*) from range(100000000) a, range(100000000) b where a.range * b.range < -1",
    "endless recursion": "with recursive t(i) as (select 1 union all select i from t) select count(*) from t",
    "range join": "select count(*) from range(1000000) a join range(1000000) b on a.range < b.range and hash(a.range) > hash(b.range)",
    "hash join": "select count(*) from range(50000000) a join range(50000000) b on a.range % 1000 = b.range % 1000",
    "window": "select sum(x) from (select row_number() over (order by hash(i)) as x from range(200000000) t(i))",
    "distinct": "select count(distinct hash(i)) from range(1000000000) t(i)",
    "one long text": "select len(string_agg(i::varchar, ',')) from range(10000000000) t(i)",
    "one call: md5": "select md5(repeat('abc', 600000000))",
    "one call: edit distance": "select levenshtein(repeat('ab', 100000), repeat('ba', 100000))",
    "one call: replacing": "select len(regexp_replace(repeat('a', 300000000), 'a', 'bb', 'g'))",
    "nested lambdas": "select list_sum(list_transform(range(30000), lambda x: list_sum(list_transform(range(30000), lambda y: x * y))))",
    "summarize": "summarize (select a.range as x, b.range as y from range(100000) a, range(100000) b)",
    "the lake's files": "select count(*) from rollouts a, rollouts b, range(1000000000) c where a.seed + b.seed + c.range < 0",
    "explain analyze": "explain analyze select count(*) from range(100000000) a, range(100000000) b",
}


def interrupted(sql: str, home: Path, prefect_home: Path) -> tuple[int, float, str]:
    """The exit code of a query that is interrupted while it computes, the seconds from the Ctrl-C to the end, and what it said."""
    words = command("sql", sql, "--home", str(home))
    asked = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(prefect_home))
    wait_until_it_computes(asked)
    pressed = time.monotonic()
    asked.send_signal(signal.SIGINT)
    said = asked.communicate(timeout=PATIENCE_S)[1]
    return asked.returncode, time.monotonic() - pressed, said


def wait_until_it_computes(asked: subprocess.Popen[str]) -> None:
    """Wait until a thread other than the first, which only imports and waits, has computed. Raises AssertionError where it ends first."""
    process = psutil.Process(asked.pid)
    while True:
        assert asked.poll() is None, asked.communicate()
        if any(thread.user_time > COMPUTED_S for thread in process.threads() if thread.id != asked.pid):
            return
        time.sleep(LOOK_S)
