"""Verifies a webhook with Python's standard library, which has no ed25519: by the secret (v1)."""

import base64
import binascii
import hashlib
import hmac
import re
import sys
import time

TOLERANCE_SECONDS = 300


def is_genuine(body: bytes, webhook_id: str, timestamp: str, signature: str, secrets: list[str]) -> bool:
    """body: the bytes as they came. secrets: "whsec_...", several while one is being replaced."""
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    text = f"{webhook_id}.{timestamp}.".encode() + body
    wanted = [
        hmac.new(base64.b64decode(secret.removeprefix("whsec_")), text, hashlib.sha256).digest()
        for secret in secrets
    ]
    for each in signature.split(" "):
        version, _, encoded = each.partition(",")
        if version != "v1":
            continue
        try:
            given = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue
        if any(hmac.compare_digest(given, each_wanted) for each_wanted in wanted):
            return True
    return False


if __name__ == "__main__":  # python3 verify_webhook.py ID TIMESTAMP SIGNATURE SECRET... <body
    _, id_, timestamp_, signature_, *secrets_ = sys.argv
    genuine = is_genuine(sys.stdin.buffer.read(), id_, timestamp_, signature_, secrets_)
    print("genuine" if genuine else "not genuine")
    sys.exit(0 if genuine else 1)
