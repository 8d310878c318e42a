"""What a person wrote into a TOML file, and everything that is wrong with it at once."""
