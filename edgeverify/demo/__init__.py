"""`edgeverify demo`: the whole door on real faces, from nothing, in a minute."""
