"""`chateval template`: chat templates checked, read back, compared and explained."""

import typer

from chateval.cli.template import check, check_text, diff, explain, families, record, sensitivity

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Check, read back and compare chat templates. No weights are loaded, and templates are rendered in a process "
    "of their own with limits on time and memory.",
)
app.command("check")(check.check)
app.command("check-text")(check_text.check_text)
app.command("diff")(diff.diff)
app.command("explain")(explain.explain)
app.command("families")(families.families)
app.command("record")(record.record)
app.command("sensitivity")(sensitivity.sensitivity)
