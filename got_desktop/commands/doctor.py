"""`got doctor`: checks this machine and says how to fix what is wrong."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.markup import escape

from got_desktop import report
from got_desktop.commands import options
from got_desktop.doctor import examine_patiently


def doctor(json: options.JsonOption = False) -> None:
    """Check Python, packages, devices, memory, disk and models. The exit code is 1 if there is a problem."""
    findings = examine_patiently()
    if json:
        report.print_json([finding.as_json() for finding in findings])
    else:
        console = Console(highlight=False, soft_wrap=True)
        for finding in findings:
            sign = "[green]✓[/]" if finding.good else "[red]✗[/]"
            console.print(f"{sign} [bold]{finding.what}[/]  {escape(finding.text)}")
            if finding.advice:
                console.print(f"  → {escape(finding.advice.text)}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)
