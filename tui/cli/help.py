"""How `--help` reads: options under the headings of their sections, the layers explained below."""

from __future__ import annotations

import click

from tui.cli.options import SettingOption

WIDTH = 100
_OTHER = "Other options"


class SectionedCommand(click.Command):
    """A command whose help groups its options by section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record and isinstance(param, click.Option):
                section = param.section if isinstance(param, SettingOption) else _OTHER
                sections.setdefault(section, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)
