"""What the capture process gives up before it reads the first byte of a stream.

It decodes what a stranger may send, as the user who owns the keys. A fault in a decoder must not
become a key that was read.
"""
