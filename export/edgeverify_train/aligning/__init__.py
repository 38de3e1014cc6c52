"""From photos of people to the chips that a network is trained on, cut as the door cuts them."""
