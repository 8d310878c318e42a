"""Who wires the stages and who drives them."""
