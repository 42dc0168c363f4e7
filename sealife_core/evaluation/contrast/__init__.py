"""What contrastive learning sees and learns: similarities of views, and what an encoder ignores."""
