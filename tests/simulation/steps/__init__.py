"""What each step of a plan does to the world."""

from tests.simulation.steps import loops, misfortunes, office, visits

STEPS = visits.STEPS | loops.STEPS | misfortunes.STEPS | office.STEPS
"""By what `Step.do` says."""
