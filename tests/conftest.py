"""What all tests share: quiet logs, and a bound on how long laws are searched for."""

import logging

import structlog
from hypothesis import HealthCheck, settings

settings.register_profile(
    "kopilka", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("kopilka")
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
