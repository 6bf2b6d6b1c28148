"""The bus: one set of promises that every kind of bus keeps, and what Redis adds."""
