"""The phases of an evaluation, each a function from the pack and the draft to a fuller draft."""
