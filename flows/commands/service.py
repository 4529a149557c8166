"""The commands around a Prefect server: `serve`, `deploy`, `submit`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import opened
from flows.commands.printing.console import say
from tasks.base.process import PROJECT

app = typer.Typer()
PANEL = "Operate"
API = "http://127.0.0.1:4200/api"
DEPLOYMENTS = PROJECT / "deployments" / "prefect.yaml"

File = Annotated[Path, typer.Option(help="Deployments of your own, in the form of deployments/prefect.yaml.")]
Notify = Annotated[
    str | None, typer.Option(metavar="TYPE/NAME", help="The notification block, as in slack-webhook/team, that hears of changed sets.")
]


@app.command(rich_help_panel=PANEL)
def serve(
    port: Annotated[int, typer.Option(min=1, max=65534, help="The port of the UI and the API; the next one shows the reports.")] = 4200,
    host: Annotated[str, typer.Option(help="Where to listen; what others reach wants PREFECT_SERVER_API_AUTH_STRING.")] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A name by which browsers and workers ask for it, besides its own.")
    ] = None,
    server: Annotated[str | None, typer.Option(metavar="URL", help="A Prefect API that there is already: start only workers.")] = None,
    gpus: Annotated[
        list[str] | None, typer.Option(metavar="IDS", help="A worker's GPUs, as in 0 or 0,1; once a worker. Default: each GPU its own.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many runs a worker takes at once; one of them computes on its card.")] = 4,
    file: File = DEPLOYMENTS,
    notify: Notify = None,
    home: Annotated[Path | None, typer.Option("--home", help="The lake; default DIFFICULTY_PRIOR_HOME, or ./runs.")] = None,
) -> None:
    """Start everything from the Prefect UI: brings up server, work pools, limits, deployments and workers on this machine. Ctrl-C ends all.

    **Who can do what.** Whoever has the password may do whatever this user may: deployments, recipes and verifier files are code. The port
    of the UI and the API asks for it (made once, kept in PREFECT_HOME for this user alone; or PREFECT_SERVER_API_AUTH_STRING), and
    answers to its own pages and names alone. The port after it shows reports to whoever uses this machine. A run chooses a recipe and
    settings, never a command, a folder or an environment. A policy's folder runs no code unless a recipe says `trust_remote_code`.
    More: deployments/README.md.

    Example: `difficulty-prior serve --home /data/runs --gpus 0 --gpus 1,2`
    """
    place = opened(home)
    os.environ["DIFFICULTY_PRIOR_HOME"] = str(place)  # for all it starts
    from flows.server.client import talking_to
    from flows.server.own import own_server
    from flows.service import running

    own = None if server else own_server(host, port, allow_host or ())
    api = own.api if own else str(server)
    with talking_to(api, own.password if own else None):
        running.serve(running.Serving(place, api, file, own, tuple(gpus or ()), limit, notify), say)


@app.command(rich_help_panel=PANEL)
def deploy(
    card: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Make the limit of a card (DIFFICULTY_PRIOR_CARDS).")] = None,
    file: File = DEPLOYMENTS,
    notify: Notify = None,
) -> None:
    """Bring the Prefect server of PREFECT_API_URL up to date: work pools, limits, deployments, schedules, automations.

    Example: `PREFECT_API_URL=https://prefect.example.org/api difficulty-prior deploy --card node1-gpu-0`
    """
    from flows.server.client import api_url, check_version, talking_to

    check_version(api := api_url() or API)
    from flows.service import deploying

    with talking_to(api):
        deploying.deploy(deploying.Deploying(file, tuple(card or ()), notify), say)
    say(f"deployed to {api.removesuffix('/api')}/deployments")


@app.command(rich_help_panel=PANEL)
def submit(
    deployment: Annotated[str, typer.Argument(help="pipeline, profile, curate, train, evaluate, recurate or study.")],
    parameters: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="The fields of the UI's form.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until the run has ended; exit code 1 where it has not completed.")] = False,
) -> None:
    """Start a deployment's run on the Prefect server of PREFECT_API_URL, as the UI's form does. Says so when nobody works on its pool.

    Example: `difficulty-prior submit profile recipe=starter rounds=16 --wait`
    """
    from flows.server.client import api_url, check_version, talking_to

    check_version(api := api_url() or API)
    from flows.service.submitting import await_end, parse, start

    with talking_to(api):
        run = start(deployment, parse(parameters or ()), say)
        done = not wait or await_end(run, say)
    if not done:
        raise typer.Exit(1)
