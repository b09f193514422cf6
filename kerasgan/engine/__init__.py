"""How a model trains: turns, players, optimizers, saving."""
