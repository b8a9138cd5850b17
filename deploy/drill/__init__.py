"""`veil drill`: containment and an incident rehearsed on a stack of its own, from the fault to the closing."""
