"""What happens: one step, one function, its transactions. Knows no scheduler and no web."""
