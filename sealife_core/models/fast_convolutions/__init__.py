"""Convolutions that are faster in training on a processor than PyTorch's own."""
