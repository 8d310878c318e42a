"""How long the center keeps what it stores, what people hold back, and what became of the rest."""
