"""Contrast: which part is shown, which encoder is looked through, which pictures."""

from dashboard.state.keys import Key, UrlKey, UrlValue

PART = UrlKey("part")
ENCODER = UrlValue("encoder", "contrast", "")
ENCODER_BOX = Key("contrast.encoder")
EPOCH_BOX = Key("contrast.epoch")
