"""An open, encrypted connection to a broker or a web server, and what answers mean: for box and center."""
