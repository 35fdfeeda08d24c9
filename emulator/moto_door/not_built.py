"""What is not built: operations that make something from which nothing would follow here. They are refused by name.

moto answers some of them and does nothing more, and takes some of S3's for another operation. docs/services.md lists
them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from emulator.moto_door.requests import Operation
from emulator.moto_door.routes import rest_operation
from emulator.wire.operations import service_model
from emulator.wire.protocol import Environ

NOT_BUILT: Final[Mapping[str, frozenset[str]]] = {
    "apigateway": frozenset(
        {
            "CreateDomainNameAccessAssociation",
        }
    ),
    "apigatewayv2": frozenset(
        {
            "CreatePortal",
            "CreatePortalProduct",
            "CreateProductPage",
            "CreateProductRestEndpointPage",
            "CreateRoutingRule",
            "PutPortalProductSharingPolicy",
            "PutRoutingRule",
        }
    ),
    "cloudwatch": frozenset(
        {
            "CreateResourceMetricsConfiguration",
            "EnableInsightRules",
            "PutAlarmMuteRule",
            "PutAnomalyDetector",
            "PutInsightRule",
            "PutLogAlarm",
            "PutManagedInsightRules",
            "PutMetricDataQueryDefinition",
            "PutMetricStream",
        }
    ),
    "cognito-idp": frozenset(
        {
            "CreateCIMDPolicy",
            "CreateManagedLoginBranding",
            "CreateTerms",
            "CreateUserImportJob",
            "CreateUserPoolReplica",
        }
    ),
    "events": frozenset(
        {
            "ActivateEventSource",
            "CreateEndpoint",
            "UpdateEndpoint",
        }
    ),
    "kinesis": frozenset(
        {
            "CreateChannel",
            "CreateQueue",
        }
    ),
    "lambda": frozenset(
        {
            "CreateCapacityProvider",
            "CreateCodeSigningConfig",
            "PutFunctionCodeSigningConfig",
            "PutFunctionRecursionConfig",
            "PutFunctionScalingConfig",
            "PutProvisionedConcurrencyConfig",
            "PutResourcePolicy",
            "PutRuntimeManagementConfig",
        }
    ),
    "logs": frozenset(
        {
            "CreateExportTask",
            "CreateImportTask",
            "CreateLogAnomalyDetector",
            "CreateLookupTable",
            "CreateScheduledQuery",
            "PutAccountPolicy",
            "PutBearerTokenAuthentication",
            "PutDataProtectionPolicy",
            "PutDestination",
            "PutDestinationPolicy",
            "PutIndexPolicy",
            "PutIntegration",
            "PutLogGroupDeletionProtection",
            "PutQueryDefinition",
            "PutStorageTierPolicy",
            "PutSyslogConfiguration",
            "PutTransformer",
        }
    ),
    "s3": frozenset(
        {
            "CreateBucketMetadataConfiguration",
            "CreateBucketMetadataTableConfiguration",
            "CreateSession",
            "PutBucketAbac",
            "PutBucketAnalyticsConfiguration",
            "PutBucketIntelligentTieringConfiguration",
            "PutBucketInventoryConfiguration",
            "PutBucketMetricsConfiguration",
            "PutBucketReplication",
            "PutBucketRequestPayment",
            "PutObjectAnnotation",
        }
    ),
    "sns": frozenset(
        {
            "CreateSMSSandboxPhoneNumber",
            "PutDataProtectionPolicy",
        }
    ),
    "ssm": frozenset(
        {
            "CreateActivation",
            "CreateAssociation",
            "CreateAssociationBatch",
            "CreateCloudConnector",
            "CreateMaintenanceWindow",
            "CreateOpsItem",
            "CreateOpsMetadata",
            "CreatePatchBaseline",
            "CreateResourceDataSync",
            "PutComplianceItems",
            "PutInventory",
            "PutResourcePolicy",
        }
    ),
}
"""Service, by botocore's name -> its operations."""


def not_built(name: str, operation: Operation | None, environ: Environ) -> str:
    """What to say of a request to a service, by its signing name, that is not built; empty if it is.

    ``operation`` is what the request is for, as far as moto can tell.
    """
    service, asked = (operation.service, operation.name) if operation is not None else ("", "")
    if name == "s3" or operation is None:
        service, asked = _routed(name, environ) or (service, asked)
    if asked in NOT_BUILT.get(service, ()):
        return f"Dynastep lacks {asked} of {service}: nothing would follow from what it makes"
    return ""


def _routed(name: str, environ: Environ) -> tuple[str, str] | None:
    """The operation of a service with paths, also where a bucket is in the host."""
    path, _, query = str(environ["RAW_URI"]).partition("?")
    in_host = name == "s3" and re.match(r".+\.s3[.-]", str(environ.get("HTTP_HOST", ""))) is not None
    for service in NOT_BUILT:
        model = service_model(service)
        if model.signing_name == name and str(model.metadata.get("protocol")).startswith("rest"):
            found = rest_operation(service, environ["REQUEST_METHOD"], f"/bucket{path}" if in_host else path, query)
            if found is not None:
                return service, found
    return None
