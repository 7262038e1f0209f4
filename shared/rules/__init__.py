"""The rules kernel: one pure function from a pack, a member, a receipt and a moment to effects."""
