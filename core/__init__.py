"""The training engine: everything that trains, nothing that draws."""

import os

# torch's threads wait for each other by spinning. Where another process, or the screen, needs a
# core for a moment, all of them spin meanwhile: with one of two cores taken, mini-batches of 512
# went 40 times slower on two threads than on one. Passive waiting costs little on an idle machine.
# It is read when torch is loaded, so it stands here, before any import of it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
