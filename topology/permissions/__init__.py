"""Who may do what with label: rules in Cedar (`label.cedar`), and the pure core that asks them."""

from topology.permissions.actions import Action, Client, Denial
from topology.permissions.deciding import Asked, Decision, Permissions

__all__ = ["Action", "Asked", "Client", "Decision", "Denial", "Permissions"]
