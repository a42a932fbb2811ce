"""The app's own two themes, dark and light; Textual's built-in ones can be chosen as well."""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

# One calm ground; panels differ by their frames, not by their shades. Only the frame in focus,
# the curves and the signs of state are bright.
DARK = Theme(
    name="dark",
    dark=True,
    primary="#6CB6EB",
    secondary="#8FA3B5",
    accent="#F0B949",
    success="#3DBE93",
    warning="#F0B949",
    error="#FF7B4A",
    foreground="#DDE4EA",
    background="#10151B",
    surface="#10151B",
    panel="#1B242D",
    boost="#1B242D",
    variables={
        "border": "#6CB6EB",
        "border-blurred": "#33404C",
        "foreground-muted": "#8FA3B5",
        "block-cursor-background": "#26455C",
        "block-cursor-foreground": "#FFFFFF",
        "block-cursor-text-style": "bold",
        "input-selection-background": "#6CB6EB 35%",
        "scrollbar": "#33404C",
        "scrollbar-background": "#10151B",
    },
)

LIGHT = Theme(
    name="light",
    dark=False,
    primary="#00659F",
    secondary="#55636F",
    accent="#8A5A00",
    success="#00724F",
    warning="#8A5A00",
    error="#B23C00",
    foreground="#1C262E",
    background="#FBFAF6",
    surface="#FBFAF6",
    panel="#ECEAE2",
    boost="#ECEAE2",
    variables={
        "border": "#00659F",
        "border-blurred": "#C4C3BA",
        "foreground-muted": "#55636F",
        "block-cursor-background": "#CFE4F2",
        "block-cursor-foreground": "#00222F",
        "block-cursor-text-style": "bold",
        "input-selection-background": "#00659F 25%",
        "scrollbar": "#C4C3BA",
        "scrollbar-background": "#FBFAF6",
    },
)

OWN = (DARK, LIGHT)

NAMES = (*(theme.name for theme in OWN), *BUILTIN_THEMES)
