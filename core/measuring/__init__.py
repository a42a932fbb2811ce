"""How the paths of runs shake and where they lead, measured off the training clock."""
