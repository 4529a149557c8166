"""The commands about the machine and what happens on it: is it fit for runs, and how far are they?"""

import typer

app = typer.Typer()
PANEL = "Operate"
