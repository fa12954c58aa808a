"""What we decide: pure functions, records in, records out.

Nothing here reads a clock, a file, the network or the store.
"""
