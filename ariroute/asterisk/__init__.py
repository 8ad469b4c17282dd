"""Talking to Asterisk, and nothing else: ARI over websocket and HTTP, AMI."""
