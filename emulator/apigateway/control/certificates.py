"""Client certificates: what API Gateway would show to the servers behind it.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-client-side-ssl-authentication.html
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

from emulator.apigateway.control.held import Asked, Thing, bad, kept, not_found, with_tags
from emulator.apigateway.control.paging import page
from emulator.apigateway.control.patching import Patchable, text

_DAYS: Final = 365


def generate_client_certificate(asked: Asked) -> Thing:
    """GenerateClientCertificate."""
    made = {
        "clientCertificateId": asked.new_id(6),
        **kept(asked.params, "description"),
        "pemEncodedCertificate": _certificate(asked.now),
        "createdDate": asked.now,
        "expirationDate": asked.now + _DAYS * 86_400,
        **({"tags": asked.params["tags"]} if asked.params.get("tags") else {}),
    }
    asked.gateway.certificates[made["clientCertificateId"]] = made
    return made


def _certificate(now: int) -> str:
    """A certificate that signs itself, valid for a year. Nobody keeps its private key: no server is shown it here."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    names = {
        NameOID.COUNTRY_NAME: "US",
        NameOID.STATE_OR_PROVINCE_NAME: "Washington",
        NameOID.LOCALITY_NAME: "Seattle",
        NameOID.ORGANIZATION_NAME: "Amazon.com",
        NameOID.COMMON_NAME: "ApiGateway",
    }
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in names.items()])
    begin = datetime.fromtimestamp(now, timezone.utc)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=begin,
        not_valid_after=begin + timedelta(days=_DAYS),
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def _certificate_of(asked: Asked) -> Thing:
    found = asked.gateway.certificates.get(asked.params["clientCertificateId"])
    if found is None:
        raise not_found("Invalid Client Certificate identifier specified")
    return found


def get_client_certificate(asked: Asked) -> Thing:
    """GetClientCertificate."""
    return with_tags(_certificate_of(asked))


def get_client_certificates(asked: Asked) -> Thing:
    """GetClientCertificates."""
    return page(asked, list(asked.gateway.certificates.values()))


def update_client_certificate(asked: Asked) -> Thing:
    """UpdateClientCertificate."""
    changed = _CERTIFICATE.patched(_certificate_of(asked), asked.params.get("patchOperations"))
    asked.gateway.certificates[changed["clientCertificateId"]] = changed
    return with_tags(changed)


_CERTIFICATE: Final = Patchable({"/description": text("description")})


def delete_client_certificate(asked: Asked) -> None:
    """DeleteClientCertificate; one that a stage has stays."""
    name = _certificate_of(asked)["clientCertificateId"]
    for api in asked.gateway.apis.values():
        if any(stage.get("clientCertificateId") == name for stage in api.stages.values()):
            raise bad(f"Cannot delete client certificate '{name}', is referenced by a stage of the API '{api.id}'")
    del asked.gateway.certificates[name]
