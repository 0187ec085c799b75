"""What the e-mail channel is made of: the wire format, kept-open SMTP, and any Django or anymail backend."""
