"""How fast the desk is, against references measured in the same run."""
