"""The screen beside a training loop that is not ours.

The loop has its process's main thread, and the terminal's signals; so the screen is a process of
its own, `window.py`. `ride.py` is what the loop iterates over, `session.py` what lasts from its
first batch to its end, `beside.py` the window as the loop's process holds it, `output.py` what
becomes of whatever the loop prints meanwhile.
"""
