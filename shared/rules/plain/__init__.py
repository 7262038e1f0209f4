"""What each part of a pack says, clause by clause, in words that need no training."""
