"""Budgets of the whole chain: how often a common code is taken, what rules may cost, leased out."""
