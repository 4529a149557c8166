"""What every reading command says of a lake, so that one that was copied or moved can be compared with the original.

`python -m tests.flows.moved HOME RECIPE OUT` asks them all in this process, and prints what each said as JSON: paths of the lake are HOME.
"""

import json
import re
import sys
from pathlib import Path

from typer.testing import CliRunner

from flows.commands.cli import app
from tasks.lake.lake import Lake
from tests.flows.runs import artifacts

TIMES = re.compile(r'"(written_at|seconds|seconds_left|quiet_s|key|digest|content|when|told)": [^,\n}]+')
OF_THE_MACHINE = re.compile(r"\d+\.\d+ GiB free|\d+\.\d GiB")


def commands(home: Path, recipe: Path, out: Path) -> dict[str, list[str]]:
    """The commands that read a lake, by name."""
    made = artifacts(home)
    stage, chosen = sorted(made["stages"])[0], sorted(made["curated"])[0]
    policies = Lake(home).scan("policies").collect().sort("name")["policy_id"].to_list()
    problem = Lake(home).scan("problems").collect().sort("problem_id")["problem_id"][0]
    counts = "select 'rollouts' as relation, count(*) as n from rollouts union all select 'verdicts', count(*) from verdicts order by all"
    return {
        "sql of views": ["sql", counts, "--json"],
        "sql of marts": ["sql", "from difficulty order by all", "--json"],
        "sql of policies": ["sql", "select policy, model from stg_policies where kind = 'stage' order by all", "--json"],
        "schema": ["schema", "difficulty", "--json"],
        "histogram": ["histogram", "--json"],
        "sweep": ["sweep", str(recipe), "--json"],
        "power": ["power", str(recipe), "--json"],
        "trace of a stage": ["trace", stage, "--json"],
        "trace of a set": ["trace", chosen, "--json"],
        "trace of a policy": ["trace", policies[0], "--json"],
        "trace of a problem": ["trace", problem, "--json"],
        "status": ["status", str(recipe), "--json"],
        "doctor": ["doctor", "--json"],
        "plan": ["run", str(recipe), "--plan", "--json"],
        "export": ["export", chosen, "--to", "datasets", "--out", str(out), "--json"],
    }


def said_by_all(home: Path, recipe: Path, out: Path) -> dict[str, str]:
    """What each command says of a lake: its exit code and output, without what differs from place to place and from time to time."""
    said = {}
    for name, words in commands(home, recipe, out).items():
        takes_home = words[0] != "schema"
        done = CliRunner().invoke(app, [*words, *(["--home", str(home)] if takes_home else [])])
        text = OF_THE_MACHINE.sub("SIZE", TIMES.sub(r'"\1": …', done.output)).replace(str(home), "HOME").replace(str(out), "OUT")
        said[name] = f"{done.exit_code}\n{text}" + (f"\n{done.exception!r}" if done.exception and done.exit_code else "")
    return said


if __name__ == "__main__":
    print(json.dumps(said_by_all(*map(Path, sys.argv[1:4]))))
