"""Label: pictures without a label, labels in doubt, and whether two people agree."""
