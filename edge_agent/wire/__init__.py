"""An open, encrypted connection to a broker, and what its answers mean: for box and center."""
