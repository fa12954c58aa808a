"""The commands, gathered."""

import typer

from cli import (
    channels,
    connectors,
    keep,
    look,
    loop,
    organisations,
    partner,
    people,
    prefect_,
    reads,
    removals,
    sandbox,
    serve,
    token,
)

app = typer.Typer(
    name="retold",
    help="Stories retold, every read counted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

keep.add_to(app)
channels.add_to(app)
connectors.add_to(app)
loop.add_to(app)
look.add_to(app)
organisations.add_to(app)
people.add_to(app)
reads.add_to(app)
serve.add_to(app)
token.add_to(app)
removals.add_to(app)
sandbox.add_to(app)
partner.add_to(app)
prefect_.add_to(app)
