"""Results files, and the tables, texts and pictures made of them."""
