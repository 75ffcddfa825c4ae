"""Calibration of L4C on towers: days that count, terms with their derivatives, cost, fit, what the data identify.

It drives `models.l4c`, whose equations it evaluates on dual numbers.
"""
