"""The residual risk of a record about to leave: what detection may have missed, who might be recognized."""
