"""When things happen: Prefect's schedules, retries, fan-out and artifacts.

A flow calls steps and nothing else; what it needs to know later stands in our own store.
"""
