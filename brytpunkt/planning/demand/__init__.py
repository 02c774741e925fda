"""Demand: how much is asked for, and how many GPUs that takes.

In: workloads, the calendar, measured throughput. Out: tokens and GPU-hours by workload and month, their spread over the
hours, and GPUs busy and needed by workload, GPU type and cell. What serves them is decided elsewhere (rent, own, optimal).
"""
