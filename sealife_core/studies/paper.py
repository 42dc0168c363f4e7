"""Figures of the SimCLR paper (arXiv 2002.05709): linear evaluation on ImageNet, top-1 in %, ResNet50.

They stand beside a study's own to compare the shape of a curve, never its height: other pictures, a larger network,
a hundred times the training.
"""

PAPER_SAYS = "SimCLR paper, ImageNet"
# Table 5: temperature; figure 8 says of the head in words only. Colour strength: table 1.
PAPER: dict[str, dict[float, float]] = {
    "temperature": {0.05: 59.7, 0.1: 64.4, 0.5: 60.7, 1.0: 58.0},
    "strength": {0.125: 59.6, 0.25: 61.0, 0.5: 62.6, 1.0: 63.2},
}
PAPER_WORDS: dict[str, str] = {
    "temperature": "In the paper τ = 0.1 is best while the contrastive accuracy falls all the way from 90.5 to 59.1 %:"
    " a better pretext is not a better representation.",
    "head": "In the paper a non-linear head beats a linear one by 3 points and none by more than 10; and features from"
    " before the head beat those behind it by more than 10.",
    "batch_size": "In the paper larger batches help most where training is short: with 256 images and 100 epochs it"
    " reaches 62.8 % with a learning rate scaled by the root of the batch size, and 57.5 % with one scaled by it.",
    "strength": "In the paper stronger colours help SimCLR (59.6 to 63.2 %) while the same strength costs a supervised"
    " network a little (77.0 to 75.7 %). Where colour tells the animal, that may be otherwise.",
    "views": "In the paper no single augmentation does, and cropping with colour distortion is the pair that matters:"
    " crops of one picture share its colours, which would give the answer away.",
    "labels": "In the paper, on ImageNet with 1 and 10 % of the labels, a supervised ResNet50 reaches 25.4 and 56.4 %,"
    " SimCLR's 48.3 and 65.6 %. On twelve smaller data sets ImageNet's own labels win with a linear probe on all.",
}
