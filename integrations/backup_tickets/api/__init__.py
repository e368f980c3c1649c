"""The API for other programs: backup products report runs, other tools read what became of them."""
