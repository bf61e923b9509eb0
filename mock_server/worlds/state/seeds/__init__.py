"""Seeds: the records with which every world begins, made when they are asked for."""
