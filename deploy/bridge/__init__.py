"""Leased tasks shown in somebody's Label Studio, and what is answered there, as labels."""
