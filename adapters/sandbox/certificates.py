"""Whom programs in a box trust: the bundle that the operator's environment names, or the system's."""

from __future__ import annotations

import os
from pathlib import Path

# The operator's names, the most general first.
NAMED_BY = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
SYSTEM = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
TARGET = "/run/pullwright/certificates.pem"


def trusted() -> tuple[dict[str, bytes], dict[str, str]]:
    """The bundle, by its path in the box, and the variables by which pip, npm, git, curl and the rest find it.

    By content, since the box's user may not be allowed to read the operator's file.
    """
    named = [os.environ[name] for name in NAMED_BY if os.environ.get(name)]
    for path in (*named, *SYSTEM):
        if Path(path).is_file():
            variables = dict.fromkeys((*NAMED_BY, "GIT_SSL_CAINFO"), TARGET)
            return {TARGET: Path(path).read_bytes()}, variables
    return {}, {}
