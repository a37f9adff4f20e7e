"""AutoMoney's shared layer: all the behaviour that the cloud functions call."""
