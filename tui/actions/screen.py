"""What a key does to the screen: panels, theme, palette, help, quit."""

from __future__ import annotations

from core.errors import UserError
from tui.action import Action, Cockpit
from tui.actions.applying import alone, always, looks_at_now, several


def _save_picture(cockpit: Cockpit) -> None:
    try:
        picture, text = cockpit.host.save_picture()
    except UserError as fault:
        cockpit.say(str(fault))
    else:
        cockpit.say(f"saved as {picture.name} and {text.name} in {picture.parent}")


ACTIONS = (
    Action(
        "next-panel",
        "Go to the next panel",
        lambda cockpit: cockpit.focus_panel(1),
        ("p", "tab"),
        "panel",
        6,
        applies=alone,
    ),
    Action(
        "previous-panel",
        "Go to the panel before",
        lambda cockpit: cockpit.focus_panel(-1),
        ("P", "shift+tab"),
        applies=alone,
    ),
    Action(  # `tab` goes from run to run then
        "next-panel-of-several",
        "Go to the next panel",
        lambda cockpit: cockpit.focus_panel(1),
        ("p",),
        "panel",
        6,
        applies=several,
    ),
    Action(
        "previous-panel-of-several",
        "Go to the panel before",
        lambda cockpit: cockpit.focus_panel(-1),
        ("P",),
        applies=several,
    ),
    Action(
        "turn",
        "Show the next panel in the place that several share",
        lambda cockpit: cockpit.turn_view(),
        ("v",),
        "view",
        5,
    ),
    Action(
        "maximise",
        "Give the panel the whole screen, or not",
        lambda cockpit: cockpit.maximise_panel(),
        ("F",),
        "full size",
        8,
    ),
    Action(
        "restore",
        "Back to all panels",
        lambda cockpit: cockpit.restore_panels(),
        ("escape",),
        applies=looks_at_now,
    ),
    Action(
        "theme",
        "Change between dark and light",
        lambda cockpit: cockpit.host.action_switch_ground(),
        ("t",),
        applies=always,
    ),
    Action(
        "palette",
        "Find any action by its name",
        lambda cockpit: cockpit.host.action_command_palette(),
        ("ctrl+p",),
        applies=always,
    ),
    Action(
        "picture",
        "Save the screen as a picture and as text",
        _save_picture,
        ("s",),
        applies=always,
    ),
    Action(
        "suspend",
        "Give the terminal back to the shell, until fg",
        lambda cockpit: cockpit.host.suspend_soon(),
        ("ctrl+z",),
        applies=always,
    ),
    Action(
        "help",
        "Show what every key does",
        lambda cockpit: cockpit.host.action_help(),
        ("question_mark",),
        "help",
        1,
        applies=always,
    ),
    Action(
        "quit",
        "Quit",
        lambda cockpit: cockpit.host.action_leave(),
        ("q",),
        "quit",
        4,
        applies=always,
    ),
)
