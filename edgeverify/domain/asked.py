"""What may be asked of the person before the camera: a code for machines, English for terminals."""

from __future__ import annotations

from enum import Enum

from typing_extensions import Self


class Asked(str, Enum):
    """The value is the English text; `code` stands on the wire and finds it in other languages."""

    code: str

    def __new__(cls, code: str, text: str) -> Self:
        """Make a member of its two columns; it is found again by its text."""
        made = str.__new__(cls, text)
        made._value_ = text
        made.code = code
        return made

    STAND_IN_FRONT = "stand_in_front", "no face in view: stand in front of the camera"
    ONE_PERSON = "one_person", "one person at a time, please"
    MOVE_CLOSER = "move_closer", "move closer"
    MOVE_TO_MIDDLE = "move_to_middle", "move to the middle of the picture"
    MORE_LIGHT = "more_light", "too dark: more light"
    LESS_LIGHT = "less_light", "too bright: step out of the glare"
    EVEN_LIGHT = "even_light", "too little contrast: even light on the face, please"
    LOOK_AT_CAMERA = "look_at_camera", "look at the camera"
    LOOK_AHEAD = "look_ahead", "look straight at the camera"
    HOLD_UPRIGHT = "hold_upright", "hold your head upright"
    UNCOVER_MOUTH = "uncover_mouth", "uncover your mouth and nose"
    TAKE_OFF_SUNGLASSES = "take_off_sunglasses", "take off your sunglasses"
    HOLD_STILL = "hold_still", "hold still"
    SHOW_WHOLE_FACE = "show_whole_face", "show your whole face to the camera"
    CLOSER_OR_BACK = "closer_or_back", "come a little closer, or step back a little"
    BLINK = "blink", "blink once"
    TURN_LEFT = "turn_left", "turn your head a little to your left"
    TURN_RIGHT = "turn_right", "turn your head a little to your right"
    NOD = "nod", "nod once"

    def __str__(self) -> str:
        return str(self.value)

    __hash__ = str.__hash__
