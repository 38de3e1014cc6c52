"""LEDs and a buzzer at the door: which is on when, the lines, and the thread that moves them."""
