"""Typical wrong answers to exercise 13.1. Each docstring is a part of the message meant for it."""

import math


def as_it_was(rate, latency):
    """so the queue never ends"""
    return 50 if rate > 50 else 1


def takes_the_mean(rate, latency):
    """leave some room above it"""
    return math.ceil(rate * latency)


def one_number_for_all(rate, latency):
    """a fixed number fits one load only"""
    return 50


def divides(rate, latency):
    """so the queue never ends"""
    return max(1, math.ceil(rate * latency / 10))


def returns_a_fraction(rate, latency):
    """math.ceil rounds up"""
    return 1.5 * rate * latency
