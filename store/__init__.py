"""What we remember: the one room that speaks SQL.

Each module keeps one kind of record. Every function takes an open connection first, works on
whole sets, and never commits: whoever opened the transaction closes it.
"""
