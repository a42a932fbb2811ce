"""`gd-tui bench`: how fast this machine trains, beside plain PyTorch and the chapter's own loop.

`programme` is the whole of it. What it measures runs in processes of its own, so that it needs
neither torch nor Textual itself; the modules that those processes run do.
"""
