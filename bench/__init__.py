"""How fast the house is, in CPU seconds, beside peers and floors measured in the same run."""
