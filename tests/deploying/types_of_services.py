"""Templates with a resource of each of the types that are made by the operations of their services, as tests use them."""

from __future__ import annotations

TRUST = {"Version": "2012-10-17", "Statement": []}
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}


ALLOW_ACCOUNT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "*", "Resource": "*"}],
}
INLINE = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def resource(kind, depends=None, **properties):
    made = {"Type": f"AWS::{kind}", "Properties": properties}
    return {**made, "DependsOn": depends} if depends else made


def ref(name):
    return {"Ref": name}


def att(name):
    return {"Fn::GetAtt": name}


def trusted(service):
    allowed = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [allowed]}


ROLE = {"Role": resource("IAM::Role", AssumeRolePolicyDocument=TRUST)}
ROLE_ARN = att("Role.Arn")
VPC = {"Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16")}
NET = {
    **VPC,
    "A": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1a"),
    "B": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b"),
}
SUBNETS = [ref("A"), ref("B")]
POOL = {"Pool": resource("Cognito::UserPool", UserPoolName="people")}
BUCKET = {"Bucket": resource("S3::Bucket")}
KEY = {"Key": resource("KMS::Key", KeyPolicy=ALLOW)}
FUNCTION = {
    **ROLE,
    "Function": resource(
        "Lambda::Function",
        Runtime="python3.12",
        Handler="index.handler",
        Role=ROLE_ARN,
        Code={"ZipFile": "def handler(event, context): return event"},
    ),
}
API = {
    "Api": resource("ApiGateway::RestApi", Name="api"),
    "Method": resource("ApiGateway::Method", RestApiId=ref("Api"), ResourceId=att("Api.RootResourceId"),
                       HttpMethod="GET", AuthorizationType="NONE", Integration={"Type": "MOCK"}),
    "Deployment": resource("ApiGateway::Deployment", "Method", RestApiId=ref("Api"), StageName="prod"),
}  # fmt: skip
HTTP = {"Http": resource("ApiGatewayV2::Api", Name="http", ProtocolType="HTTP")}
STACK = "s-X-[A-Z0-9]{12}"
"""A name that was made up."""
ID = r"[\w-]+"


# Kind -> the resources beside it, its properties, and what its Ref is like.
MADE = {
    # Networks
    "EC2::VPC": ({}, {"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": True}, "vpc-.*"),
    "EC2::Subnet": (VPC, {"VpcId": ref("Vpc"), "CidrBlock": "10.0.2.0/24", "MapPublicIpOnLaunch": True}, "subnet-.*"),
    "EC2::InternetGateway": ({}, {}, "igw-.*"),
    "EC2::EgressOnlyInternetGateway": (VPC, {"VpcId": ref("Vpc")}, "eigw-.*"),
    "EC2::VPCGatewayAttachment": (
        {**VPC, "Gateway": resource("EC2::InternetGateway")},
        {"VpcId": ref("Vpc"), "InternetGatewayId": ref("Gateway")},
        r"IGW\|vpc-.*",
    ),
    "EC2::RouteTable": (VPC, {"VpcId": ref("Vpc")}, "rtb-.*"),
    "EC2::Route": (
        {
            **VPC,
            "Gateway": resource("EC2::InternetGateway"),
            "Table": resource("EC2::RouteTable", VpcId=ref("Vpc")),
            "Attached": resource("EC2::VPCGatewayAttachment", VpcId=ref("Vpc"), InternetGatewayId=ref("Gateway")),
        },
        {"RouteTableId": ref("Table"), "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": ref("Gateway")},
        r"rtb-.*\|0.0.0.0/0",
    ),
    "EC2::SubnetRouteTableAssociation": (
        {**NET, "Table": resource("EC2::RouteTable", VpcId=ref("Vpc"))},
        {"RouteTableId": ref("Table"), "SubnetId": ref("A")},
        "rtbassoc-.*",
    ),
    "EC2::EIP": ({}, {"Domain": "vpc"}, r"[\d.]+"),
    "EC2::EIPAssociation": (
        {
            **NET,
            "Address": resource("EC2::EIP", Domain="vpc"),
            "Interface": resource("EC2::NetworkInterface", SubnetId=ref("A")),
        },
        {"AllocationId": att("Address.AllocationId"), "NetworkInterfaceId": ref("Interface")},
        "eipassoc-.*",
    ),
    "EC2::NatGateway": (
        {**NET, "Address": resource("EC2::EIP", Domain="vpc")},
        {"AllocationId": att("Address.AllocationId"), "SubnetId": ref("A")},
        "nat-.*",
    ),
    "EC2::SecurityGroup": (
        VPC,
        {
            "GroupDescription": "web",
            "VpcId": ref("Vpc"),
            "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": "80", "CidrIp": "0.0.0.0/0"}],
        },
        "sg-.*",
    ),
    "EC2::SecurityGroupIngress": (
        {**VPC, "Group": resource("EC2::SecurityGroup", GroupDescription="g", VpcId=ref("Vpc"))},
        {"GroupId": ref("Group"), "IpProtocol": "tcp", "FromPort": "80", "ToPort": 80, "CidrIp": "10.0.0.0/8"},
        "sgr-.*",
    ),
    "EC2::SecurityGroupEgress": (
        {**VPC, "Group": resource("EC2::SecurityGroup", GroupDescription="g", VpcId=ref("Vpc"))},
        {"GroupId": ref("Group"), "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
         "DestinationSecurityGroupId": ref("Group")},
        "sgr-.*",
    ),
    "EC2::NetworkAclEntry": (
        {**VPC, "Acl": resource("EC2::NetworkAcl", VpcId=ref("Vpc"))},
        {"NetworkAclId": ref("Acl"), "RuleNumber": "100", "Protocol": "-1", "RuleAction": "allow", "Egress": "false",
         "CidrBlock": "0.0.0.0/0", "PortRange": {"From": "0", "To": "65535"}},
        STACK,
    ),
    "EC2::SubnetNetworkAclAssociation": (
        {**NET, "Acl": resource("EC2::NetworkAcl", VpcId=ref("Vpc"))},
        {"SubnetId": ref("A"), "NetworkAclId": ref("Acl")},
        "aclassoc-.*",
    ),
    "EC2::KeyPair": ({}, {"KeyName": "mine"}, "mine"),
    "EC2::NetworkAcl": (VPC, {"VpcId": ref("Vpc")}, "acl-.*"),
    "EC2::NetworkInterface": (NET, {"SubnetId": ref("A")}, "eni-.*"),
    "EC2::VPCEndpoint": (
        {**VPC, "Table": resource("EC2::RouteTable", VpcId=ref("Vpc"))},
        {"VpcId": ref("Vpc"), "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [ref("Table")]},
        "vpce-.*",
    ),
    "EC2::VPCPeeringConnection": (
        {**VPC, "Other": resource("EC2::VPC", CidrBlock="10.1.0.0/16")},
        {"VpcId": ref("Vpc"), "PeerVpcId": ref("Other")},
        "pcx-.*",
    ),
    "EC2::VPCCidrBlock": (VPC, {"VpcId": ref("Vpc"), "CidrBlock": "10.2.0.0/16"}, "vpc-cidr-assoc-.*"),
    "EC2::DHCPOptions": ({}, {"DomainName": "example.com", "DomainNameServers": ["10.0.0.2"]}, "dopt-.*"),
    "EC2::VPCDHCPOptionsAssociation": (
        {**VPC, "Options": resource("EC2::DHCPOptions", DomainName="example.com")},
        {"VpcId": ref("Vpc"), "DhcpOptionsId": ref("Options")},
        r"dopt-.*\|vpc-.*",
    ),
    "EC2::FlowLog": (
        {**VPC, **ROLE, "Group": resource("Logs::LogGroup")},
        {
            "ResourceId": ref("Vpc"),
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogGroupName": ref("Group"),
            "DeliverLogsPermissionArn": ROLE_ARN,
        },
        "fl-.*",
    ),
    "EC2::CustomerGateway": ({}, {"Type": "ipsec.1", "BgpAsn": 65000, "IpAddress": "1.2.3.4"}, "cgw-.*"),
    "EC2::VPNGateway": ({}, {"Type": "ipsec.1"}, "vgw-.*"),
    "EC2::TransitGateway": ({}, {"Description": "hub", "AmazonSideAsn": 65001}, "tgw-.*"),
    "EC2::PrefixList": (
        {},
        {"PrefixListName": "p", "AddressFamily": "IPv4", "MaxEntries": 3, "Entries": [{"Cidr": "10.0.0.0/8"}]},
        "pl-.*",
    ),
    "EC2::Instance": (NET, {"ImageId": "ami-12c6146b", "InstanceType": "t2.micro", "SubnetId": ref("A")}, "i-.*"),
    "EC2::LaunchTemplate": ({}, {"LaunchTemplateData": {"ImageId": "ami-12c6146b"}}, "lt-.*"),
    "EC2::Volume": ({}, {"AvailabilityZone": "us-east-1a", "Size": "8"}, "vol-.*"),
    "EC2::VolumeAttachment": (
        {
            **NET,
            "Instance": resource("EC2::Instance", ImageId="ami-12c6146b", InstanceType="t2.micro", SubnetId=ref("A")),
            "Volume": resource("EC2::Volume", AvailabilityZone="us-east-1a", Size=8),
        },
        {"InstanceId": ref("Instance"), "VolumeId": ref("Volume"), "Device": "/dev/sdh"},
        r"vol-.*\|i-.*",
    ),
    # What runs programs
    "AutoScaling::LaunchConfiguration": ({}, {"ImageId": "ami-12c6146b", "InstanceType": "t2.micro"}, STACK),
    "AutoScaling::AutoScalingGroup": (
        {**NET, "Configuration": resource("AutoScaling::LaunchConfiguration", ImageId="ami-12c6146b", InstanceType="t2.micro")},
        {
            "LaunchConfigurationName": ref("Configuration"),
            "MinSize": "0",
            "MaxSize": "1",
            "VPCZoneIdentifier": SUBNETS,
        },
        STACK,
    ),
    "ECR::Repository": ({}, {"ImageScanningConfiguration": {"ScanOnPush": True}}, "s-x-.*"),
    "ECS::Cluster": ({}, {}, STACK),
    "ECS::TaskDefinition": (
        {},
        {"Family": "f", "ContainerDefinitions": [{"Name": "c", "Image": "busybox", "Memory": 64}]},
        "arn:aws:ecs:.*:task-definition/f:1",
    ),
    "ECS::Service": (
        {
            "Cluster": resource("ECS::Cluster"),
            "Task": resource("ECS::TaskDefinition", Family="f",
                             ContainerDefinitions=[{"Name": "c", "Image": "busybox", "Memory": 64}]),
        },
        {"Cluster": ref("Cluster"), "TaskDefinition": ref("Task"), "DesiredCount": 0},
        "arn:aws:ecs:.*:service/.*",
    ),
    "Batch::ComputeEnvironment": (
        {**NET, **ROLE},
        {"Type": "UNMANAGED", "State": "ENABLED", "ServiceRole": ROLE_ARN},
        "arn:aws:batch:.*:compute-environment/.*",
    ),
    "Batch::JobQueue": (
        {**ROLE, "Environment": resource("Batch::ComputeEnvironment", Type="UNMANAGED", State="ENABLED", ServiceRole=ROLE_ARN)},
        {"Priority": 1, "State": "ENABLED",
         "ComputeEnvironmentOrder": [{"Order": 1, "ComputeEnvironment": ref("Environment")}]},
        "arn:aws:batch:.*:job-queue/.*",
    ),
    "Batch::JobDefinition": (
        {},
        {"Type": "container", "ContainerProperties": {"Image": "busybox", "Vcpus": 1, "Memory": 64}},
        "arn:aws:batch:.*:job-definition/.*:1",
    ),
    "EKS::Cluster": (
        {**NET, **ROLE}, {"RoleArn": ROLE_ARN, "ResourcesVpcConfig": {"SubnetIds": SUBNETS}}, STACK
    ),
    "ElasticLoadBalancing::LoadBalancer": (
        NET,
        {"Subnets": SUBNETS, "Listeners": [{"LoadBalancerPort": "80", "InstancePort": "80", "Protocol": "HTTP"}]},
        STACK,
    ),
    "ElasticLoadBalancingV2::LoadBalancer": (NET, {"Subnets": SUBNETS}, "arn:aws:elasticloadbalancing:.*"),
    "ElasticLoadBalancingV2::TargetGroup": (
        VPC, {"VpcId": ref("Vpc"), "Port": 80, "Protocol": "HTTP"}, "arn:aws:elasticloadbalancing:.*:targetgroup/.*"
    ),
    "ElasticLoadBalancingV2::Listener": (
        {
            **NET,
            "Balancer": resource("ElasticLoadBalancingV2::LoadBalancer", Subnets=SUBNETS),
            "Targets": resource("ElasticLoadBalancingV2::TargetGroup", VpcId=ref("Vpc"), Port=80, Protocol="HTTP"),
        },
        {"LoadBalancerArn": ref("Balancer"), "Port": 80, "Protocol": "HTTP",
         "DefaultActions": [{"Type": "forward", "TargetGroupArn": ref("Targets")}]},
        "arn:aws:elasticloadbalancing:.*:listener/.*",
    ),
    "ElasticLoadBalancingV2::ListenerRule": (
        {
            **NET,
            "Balancer": resource("ElasticLoadBalancingV2::LoadBalancer", Subnets=SUBNETS),
            "Targets": resource("ElasticLoadBalancingV2::TargetGroup", VpcId=ref("Vpc"), Port=80, Protocol="HTTP"),
            "Listener": resource("ElasticLoadBalancingV2::Listener", LoadBalancerArn=ref("Balancer"), Port=80, Protocol="HTTP",
                                 DefaultActions=[{"Type": "forward", "TargetGroupArn": ref("Targets")}]),
        },
        {"ListenerArn": ref("Listener"), "Priority": 3, "Conditions": [{"Field": "path-pattern", "Values": ["/a*"]}],
         "Actions": [{"Type": "forward", "TargetGroupArn": ref("Targets")}]},
        "arn:aws:elasticloadbalancing:.*:listener-rule/.*",
    ),
    "EMR::SecurityConfiguration": ({}, {"SecurityConfiguration": {"EncryptionConfiguration": {}}}, STACK),
    "EMRServerless::Application": ({}, {"Type": "SPARK", "ReleaseLabel": "emr-6.6.0"}, "[0-9a-z]+"),
    # Identities
    "Cognito::UserPool": ({}, {"Policies": {"PasswordPolicy": {"MinimumLength": "8"}}, "AutoVerifiedAttributes": ["email"]}, "us-east-1_.*"),
    "Cognito::UserPoolClient": (POOL, {"UserPoolId": ref("Pool"), "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}, "[a-z0-9]{26}"),
    "Cognito::UserPoolDomain": (POOL, {"UserPoolId": ref("Pool"), "Domain": "people-of-ours"}, "people-of-ours"),
    "Cognito::UserPoolGroup": (POOL, {"UserPoolId": ref("Pool"), "GroupName": "admins"}, "admins"),
    "Cognito::UserPoolResourceServer": (
        POOL, {"UserPoolId": ref("Pool"), "Identifier": "orders", "Name": "Orders", "Scopes": [{"ScopeName": "r", "ScopeDescription": "read"}]}, "orders"
    ),
    "Cognito::UserPoolUser": (POOL, {"UserPoolId": ref("Pool"), "Username": "ann"}, "ann"),
    "Cognito::UserPoolUserToGroupAttachment": (
        {
            **POOL,
            "User": resource("Cognito::UserPoolUser", UserPoolId=ref("Pool"), Username="ann"),
            "Group": resource("Cognito::UserPoolGroup", UserPoolId=ref("Pool"), GroupName="admins"),
        },
        {"UserPoolId": ref("Pool"), "Username": ref("User"), "GroupName": ref("Group")},
        r"us-east-1_.*\|admins\|ann",
    ),
    "Cognito::UserPoolIdentityProvider": (
        POOL,
        {"UserPoolId": ref("Pool"), "ProviderName": "Google", "ProviderType": "Google",
         "ProviderDetails": {"client_id": "a", "client_secret": "b", "authorize_scopes": "email"}},
        "Google",
    ),
    "Cognito::IdentityPool": ({}, {"AllowUnauthenticatedIdentities": True}, "us-east-1:.*"),
    "Cognito::IdentityPoolRoleAttachment": (
        {**ROLE, "Identities": resource("Cognito::IdentityPool", AllowUnauthenticatedIdentities=False)},
        {"IdentityPoolId": ref("Identities"), "Roles": {"authenticated": ROLE_ARN}},
        STACK,
    ),
    "CertificateManager::Certificate": ({}, {"DomainName": "example.com", "ValidationMethod": "DNS"}, "arn:aws:acm:.*"),
    "IAM::User": ({}, {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}, STACK),
    "IAM::AccessKey": ({"User": resource("IAM::User")}, {"UserName": ref("User")}, "[A-Z0-9]{20}"),
    "IAM::OIDCProvider": ({}, {"Url": "https://example.com", "ClientIdList": ["a"], "ThumbprintList": ["a" * 40]}, "arn:aws:iam::.*oidc-provider/.*"),
    "IAM::SAMLProvider": ({}, {"SamlMetadataDocument": "<x>" + "a" * 1000 + "</x>"}, "arn:aws:iam::.*saml-provider/.*"),
    "IAM::ServiceLinkedRole": ({}, {"AWSServiceName": "autoscaling.amazonaws.com"}, "AWSServiceRoleForAutoScaling"),
    "WAFv2::WebACL": (
        {},
        {"Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}},
        rf"{STACK}\|.*\|REGIONAL",
    ),
    "WAFv2::IPSet": ({}, {"Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": ["10.0.0.0/8"]}, rf"{STACK}\|.*\|REGIONAL"),
    "WAFv2::RegexPatternSet": ({}, {"Scope": "REGIONAL", "RegularExpressionList": ["a+"]}, rf"{STACK}\|.*\|REGIONAL"),
    "WAFv2::RuleGroup": (
        {},
        {"Scope": "REGIONAL", "Capacity": 10, "VisibilityConfig": {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}},
        rf"{STACK}\|.*\|REGIONAL",
    ),
    # Stores
    "Athena::NamedQuery": ({}, {"Database": "d", "QueryString": "SELECT 1", "Name": "q"}, ID),
    "Athena::DataCatalog": ({}, {"Name": "c", "Type": "GLUE", "Parameters": {"catalog-id": "123456789012"}}, "c"),
    "Athena::PreparedStatement": (
        {"Group": resource("Athena::WorkGroup", Name="w")},
        {"StatementName": "prepared", "WorkGroup": ref("Group"), "QueryStatement": "SELECT ?"},
        "prepared",
    ),
    "Athena::WorkGroup": ({}, {"Name": "queries", "WorkGroupConfiguration": {"EnforceWorkGroupConfiguration": True}}, "queries"),
    "EFS::FileSystem": ({}, {"Encrypted": True}, "fs-.*"),
    "EFS::MountTarget": (
        {**NET, "Files": resource("EFS::FileSystem"),
         "Group": resource("EC2::SecurityGroup", GroupDescription="g", VpcId=ref("Vpc"))},
        {"FileSystemId": ref("Files"), "SubnetId": ref("A"), "SecurityGroups": [ref("Group")]},
        "fsmt-.*",
    ),
    "EFS::AccessPoint": ({"Files": resource("EFS::FileSystem")}, {"FileSystemId": ref("Files")}, "fsap-.*"),
    "ElastiCache::CacheCluster": ({}, {"CacheNodeType": "cache.t3.micro", "Engine": "redis", "NumCacheNodes": "1"}, "s-x-.*"),
    "ElastiCache::ReplicationGroup": ({}, {"ReplicationGroupDescription": "d", "CacheNodeType": "cache.t3.micro", "Engine": "redis"}, "s-x-.*"),
    "ElastiCache::SubnetGroup": (NET, {"Description": "d", "SubnetIds": SUBNETS}, "s-x-.*"),
    "Elasticsearch::Domain": ({}, {"ElasticsearchVersion": "7.10"}, "s-x-.*"),
    "OpenSearchService::Domain": ({}, {"EngineVersion": "OpenSearch_2.5"}, "s-x-.*"),
    "Glue::Database": ({}, {"CatalogId": ref("AWS::AccountId"), "DatabaseInput": {"Name": "facts"}}, "facts"),
    "Glue::Crawler": (
        {**ROLE, **BUCKET}, {"Role": ROLE_ARN, "DatabaseName": "d", "Targets": {"S3Targets": [{"Path": "s3://b"}]}}, STACK
    ),
    "Glue::Job": (ROLE, {"Role": ROLE_ARN, "Command": {"Name": "glueetl", "ScriptLocation": "s3://b/k"}}, STACK),
    "Glue::Registry": ({}, {"Name": "r"}, "arn:aws:glue:.*:registry/r"),
    "Glue::Schema": (
        {"Registry": resource("Glue::Registry", Name="r")},
        {"Registry": {"Name": "r"}, "Name": "sc", "DataFormat": "AVRO", "Compatibility": "BACKWARD",
         "SchemaDefinition": '{"type":"record","name":"a","fields":[{"name":"f","type":"int"}]}'},
        "arn:aws:glue:.*:schema/r/sc",
    ),
    "Glue::Table": (
        {"Facts": resource("Glue::Database", CatalogId=ref("AWS::AccountId"), DatabaseInput={"Name": "facts"})},
        {"CatalogId": ref("AWS::AccountId"), "DatabaseName": ref("Facts"), "TableInput": {"Name": "t"}},
        "t",
    ),
    "Glue::Trigger": ({}, {"Type": "ON_DEMAND", "Name": "t", "Actions": [{"JobName": "j"}]}, "t"),
    "Glue::Workflow": ({}, {"Name": "w"}, "w"),
    "MSK::Cluster": (
        NET,
        {"ClusterName": "k", "KafkaVersion": "2.8.1", "NumberOfBrokerNodes": 2,
         "BrokerNodeGroupInfo": {"InstanceType": "kafka.m5.large", "ClientSubnets": SUBNETS}},
        "arn:aws:kafka:.*",
    ),
    "MemoryDB::SubnetGroup": (NET, {"SubnetGroupName": "g", "SubnetIds": SUBNETS}, "g"),
    "MemoryDB::Cluster": (
        {**NET, "Group": resource("MemoryDB::SubnetGroup", SubnetGroupName="g", SubnetIds=SUBNETS)},
        {"ClusterName": "m", "NodeType": "db.t4g.small", "ACLName": "open-access", "SubnetGroupName": ref("Group")},
        "m",
    ),
    "RDS::DBCluster": ({}, {"Engine": "aurora-mysql", "MasterUsername": "u", "MasterUserPassword": "secret123"}, "s-x-.*"),
    "RDS::DBInstance": (
        {}, {"Engine": "postgres", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": "20", "MasterUsername": "u", "MasterUserPassword": "secret123"}, "s-x-.*"
    ),
    "RDS::DBParameterGroup": ({}, {"Family": "mysql8.0", "Description": "d"}, "s-x-.*"),
    "RDS::DBClusterParameterGroup": ({}, {"Family": "aurora-mysql8.0", "Description": "d", "Parameters": {}}, "s-x-.*"),
    "RDS::DBSubnetGroup": (NET, {"DBSubnetGroupDescription": "d", "SubnetIds": SUBNETS}, "s-x-.*"),
    "Redshift::Cluster": (
        {}, {"ClusterType": "single-node", "DBName": "d", "MasterUsername": "u", "MasterUserPassword": "Secret123", "NodeType": "dc2.large"}, "s-x-.*"
    ),
    "Redshift::ClusterParameterGroup": ({}, {"Description": "d", "ParameterGroupFamily": "redshift-1.0"}, "s-x-.*"),
    "Redshift::ClusterSubnetGroup": (NET, {"Description": "d", "SubnetIds": SUBNETS}, "s-x-.*"),
    "S3::AccessPoint": (BUCKET, {"Bucket": ref("Bucket")}, "s-x-.*"),
    "Timestream::Database": ({}, {}, STACK),
    "Timestream::Table": ({"Base": resource("Timestream::Database", DatabaseName="d")}, {"DatabaseName": ref("Base"), "TableName": "t"}, r"d\|t"),
    # What delivers
    "AppConfig::Application": ({}, {"Name": "a"}, ID),
    "AppConfig::ConfigurationProfile": (
        {"App": resource("AppConfig::Application", Name="a")}, {"ApplicationId": ref("App"), "Name": "p", "LocationUri": "hosted"}, ID
    ),
    "AppSync::GraphQLApi": ({}, {"Name": "g", "AuthenticationType": "API_KEY"}, "arn:aws:appsync:.*"),
    "AppSync::ApiKey": (
        {"Graph": resource("AppSync::GraphQLApi", Name="g", AuthenticationType="API_KEY")}, {"ApiId": att("Graph.ApiId")}, "arn:aws:appsync:.*apikey.*"
    ),
    "AppSync::GraphQLSchema": (
        {"Graph": resource("AppSync::GraphQLApi", Name="g", AuthenticationType="API_KEY")},
        {"ApiId": att("Graph.ApiId"), "Definition": "type Query { a: String }"},
        ".*GraphQLSchema",
    ),
    "CloudFront::OriginAccessControl": (
        {}, {"OriginAccessControlConfig": {"Name": "o", "OriginAccessControlOriginType": "s3", "SigningBehavior": "always", "SigningProtocol": "sigv4"}}, ID
    ),
    "CloudFront::Distribution": (
        {},
        {"DistributionConfig": {
            "Enabled": True,
            "Origins": [{"Id": "o", "DomainName": "b.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}],
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "ForwardedValues": {"QueryString": False}},
        }},
        "[A-Z0-9]+",
    ),
    "CloudTrail::Trail": (
        {"Bucket": resource("S3::Bucket")}, {"IsLogging": True, "S3BucketName": ref("Bucket"), "TrailName": "trail"}, "trail"
    ),
    "CodeBuild::Project": (
        ROLE,
        {"Name": "project", "ServiceRole": ROLE_ARN, "Artifacts": {"Type": "NO_ARTIFACTS"}, "Source": {"Type": "S3", "Location": "b/k"},
         "Environment": {"Type": "LINUX_CONTAINER", "ComputeType": "BUILD_GENERAL1_SMALL", "Image": "i"}},
        "project",
    ),
    "CodeCommit::Repository": ({}, {"RepositoryName": "r", "RepositoryDescription": "d"}, ID),
    "CodeDeploy::Application": ({}, {"ComputePlatform": "Lambda"}, STACK),
    "CodeDeploy::DeploymentGroup": (
        {**ROLE, "App": resource("CodeDeploy::Application", ComputePlatform="Lambda")}, {"ApplicationName": ref("App"), "ServiceRoleArn": ROLE_ARN}, STACK
    ),
    "CodePipeline::Pipeline": (
        {"Role": resource("IAM::Role", AssumeRolePolicyDocument=trusted("codepipeline")), **BUCKET},
        {"Name": "p", "RoleArn": ROLE_ARN, "ArtifactStore": {"Type": "S3", "Location": ref("Bucket")},
         "Stages": [
            {"Name": "S", "Actions": [{"Name": "s", "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"}, "Configuration": {"S3Bucket": "b", "S3ObjectKey": "k"}, "OutputArtifacts": [{"Name": "o"}]}]},
            {"Name": "D", "Actions": [{"Name": "d", "ActionTypeId": {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"}}]},
         ]},
        "p",
    ),
    "Config::ConfigRule": ({}, {"ConfigRuleName": "r", "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}}, "r"),
    "KinesisFirehose::DeliveryStream": (
        {**ROLE, **BUCKET}, {"ExtendedS3DestinationConfiguration": {"BucketARN": att("Bucket.Arn"), "RoleARN": ROLE_ARN}}, STACK
    ),
    "Route53::HostedZone": ({}, {"Name": "example.com."}, "[A-Z0-9]+"),
    "Route53::HealthCheck": ({}, {"HealthCheckConfig": {"Type": "HTTP", "IPAddress": "1.2.3.4", "Port": 80}}, ID),
    "Route53::RecordSet": (
        {"Zone": resource("Route53::HostedZone", Name="example.com.")},
        {"HostedZoneId": ref("Zone"), "Name": "www.example.com.", "Type": "A", "TTL": "60", "ResourceRecords": ["1.2.3.4"]},
        r"www.example.com.",
    ),
    "Route53::RecordSetGroup": (
        {"Zone": resource("Route53::HostedZone", Name="example.com.")},
        {"HostedZoneId": ref("Zone"), "RecordSets": [{"Name": "a.example.com.", "Type": "CNAME", "TTL": "60", "ResourceRecords": ["b.example.com"]}]},
        STACK,
    ),
    "SES::ConfigurationSet": ({}, {"Name": "c"}, "c"),
    "SES::ContactList": ({}, {"ContactListName": "l"}, "l"),
    "SES::EmailIdentity": ({}, {"EmailIdentity": "a@example.com"}, "a@example.com"),
    "SES::ReceiptRuleSet": ({}, {"RuleSetName": "r"}, "r"),
    "SES::Template": ({}, {"Template": {"TemplateName": "t", "SubjectPart": "s", "TextPart": "x"}}, "t"),
    "ServiceDiscovery::HttpNamespace": ({}, {"Name": "n"}, "ns-.*"),
    "ServiceDiscovery::Service": ({"Space": resource("ServiceDiscovery::HttpNamespace", Name="n")}, {"Name": "x", "NamespaceId": ref("Space")}, "srv-.*"),
    # Settings
    "CloudWatch::Alarm": (
        {},
        {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": "60", "EvaluationPeriods": 1,
         "Threshold": "1", "ComparisonOperator": "GreaterThanThreshold"},
        STACK,
    ),
    "CloudWatch::CompositeAlarm": (
        {"A": resource("CloudWatch::Alarm", AlarmName="a", MetricName="m", Namespace="n", Statistic="Sum", Period=60,
                       EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")},
        {"AlarmRule": {"Fn::Sub": 'ALARM("${A}")'}},
        STACK,
    ),
    "CloudWatch::Dashboard": ({}, {"DashboardBody": '{"widgets":[]}'}, STACK),
    "KMS::Alias": (KEY, {"AliasName": "alias/ours", "TargetKeyId": ref("Key")}, "alias/ours"),
    "Logs::LogStream": ({"Group": resource("Logs::LogGroup")}, {"LogGroupName": ref("Group")}, STACK),
    "Logs::MetricFilter": (
        {"Group": resource("Logs::LogGroup")},
        {"LogGroupName": ref("Group"), "FilterPattern": "ERROR",
         "MetricTransformations": [{"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1"}]},
        STACK,
    ),
    "Logs::ResourcePolicy": ({}, {"PolicyName": "p", "PolicyDocument": '{"Version":"2012-10-17","Statement":[]}'}, "p"),
    "Logs::SubscriptionFilter": (
        {**ROLE, "Group": resource("Logs::LogGroup"), "Stream": resource("Kinesis::Stream", ShardCount=1)},
        {"LogGroupName": ref("Group"), "FilterPattern": "", "DestinationArn": att("Stream.Arn"), "RoleArn": ROLE_ARN},
        STACK,
    ),
    "ResourceGroups::Group": (
        {},
        {"Name": "mine", "ResourceQuery": {"Type": "TAG_FILTERS_1_0", "Query": {
            "ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": [{"Key": "a", "Values": ["b"]}]}}},
        "mine",
    ),
    "SSM::Document": (
        {}, {"DocumentType": "Command", "Content": {"schemaVersion": "2.2", "description": "d", "mainSteps": []}}, STACK
    ),
    "SecretsManager::RotationSchedule": (
        {
            **FUNCTION,
            "May": resource("Lambda::Permission", FunctionName=ref("Function"), Action="lambda:InvokeFunction",
                            Principal="secretsmanager.amazonaws.com"),
            "Secret": resource("SecretsManager::Secret", SecretString="x"),
        },
        {"SecretId": ref("Secret"), "RotationLambdaARN": att("Function.Arn"), "RotationRules": {"AutomaticallyAfterDays": "30"},
         "RotateImmediatelyOnUpdate": False},
        "arn:aws:secretsmanager:.*",
    ),
    "SecretsManager::SecretTargetAttachment": (
        {
            "Secret": resource("SecretsManager::Secret", SecretString='{"username":"u","password":"p"}'),
            "Base": resource("RDS::DBCluster", Engine="aurora-mysql", MasterUsername="u", MasterUserPassword="secret123"),
        },
        {"SecretId": ref("Secret"), "TargetId": ref("Base"), "TargetType": "AWS::RDS::DBCluster"},
        "arn:aws:secretsmanager:.*",
    ),
    "IAM::RolePolicy": (ROLE, {"RoleName": ref("Role"), "PolicyName": "p", "PolicyDocument": INLINE}, r"p\|s-Role-.*"),
    "IAM::UserPolicy": (
        {"User": resource("IAM::User")},
        {"UserName": ref("User"), "PolicyName": "p", "PolicyDocument": INLINE},
        r"p\|s-User-.*",
    ),
    "IAM::GroupPolicy": (
        {"Group": resource("IAM::Group")},
        {"GroupName": ref("Group"), "PolicyName": "p", "PolicyDocument": INLINE},
        r"p\|s-Group-.*",
    ),
    "IAM::Group": ({}, {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}, STACK),
    "IAM::InstanceProfile": (ROLE, {"Roles": [ref("Role")]}, STACK),
    "IAM::UserToGroupAddition": (
        {"U": resource("IAM::User"), "G": resource("IAM::Group")}, {"GroupName": ref("G"), "Users": [ref("U")]}, STACK
    ),
    # Interfaces
    "ApiGateway::ApiKey": ({}, {"Enabled": True}, "[a-z0-9]+"),
    "ApiGateway::Authorizer": (
        {**API, **FUNCTION},
        {"RestApiId": ref("Api"), "Name": "a", "Type": "TOKEN", "IdentitySource": "method.request.header.Auth",
         "AuthorizerUri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations"}},
        "[a-z0-9]+",
    ),
    "ApiGateway::DomainName": ({}, {"DomainName": "api.example.com", "EndpointConfiguration": {"Types": ["REGIONAL"]}}, "api.example.com"),
    "ApiGateway::BasePathMapping": (
        {**API, "Domain": resource("ApiGateway::DomainName", DomainName="api.example.com")},
        {"DomainName": ref("Domain"), "RestApiId": ref("Api"), "BasePath": "v1"},
        r"api.example.com\|v1",
    ),
    "ApiGateway::GatewayResponse": (API, {"RestApiId": ref("Api"), "ResponseType": "UNAUTHORIZED", "StatusCode": "401"}, ".*UNAUTHORIZED"),
    "ApiGateway::Model": (API, {"RestApiId": ref("Api"), "ContentType": "application/json", "Schema": {"type": "object"}}, ".+"),
    "ApiGateway::RequestValidator": (API, {"RestApiId": ref("Api"), "ValidateRequestBody": True}, "[a-z0-9]+"),
    "ApiGateway::UsagePlan": (API, {"UsagePlanName": "p", "Throttle": {"RateLimit": "5", "BurstLimit": 10}}, "[a-z0-9]+"),
    "ApiGateway::UsagePlanKey": (
        {"Key": resource("ApiGateway::ApiKey", Enabled=True), "Plan": resource("ApiGateway::UsagePlan", UsagePlanName="p")},
        {"KeyId": ref("Key"), "KeyType": "API_KEY", "UsagePlanId": ref("Plan")},
        "[a-z0-9:]+",
    ),
    "ApiGatewayV2::Authorizer": (
        HTTP,
        {"ApiId": ref("Http"), "Name": "a", "AuthorizerType": "JWT", "IdentitySource": ["$request.header.Authorization"],
         "JwtConfiguration": {"Audience": ["a"], "Issuer": "https://example.com"}},
        "[a-z0-9]+",
    ),
    "ApiGatewayV2::Integration": (
        {**HTTP, **FUNCTION},
        {"ApiId": ref("Http"), "IntegrationType": "AWS_PROXY", "IntegrationUri": att("Function.Arn"), "PayloadFormatVersion": "2.0"},
        "[a-z0-9]+",
    ),
    "ApiGatewayV2::Route": (HTTP, {"ApiId": ref("Http"), "RouteKey": "GET /a"}, "[a-z0-9]+"),
    "ApiGatewayV2::Model": (
        {"Socket": resource("ApiGatewayV2::Api", Name="w", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")},
        {"ApiId": ref("Socket"), "Name": "m", "Schema": {"type": "object"}, "ContentType": "application/json"},
        "[a-z0-9]+",
    ),
    "ApiGatewayV2::DomainName": (
        {}, {"DomainName": "h.example.com", "DomainNameConfigurations": [{"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/a"}]}, "h.example.com"
    ),
    "ApiGatewayV2::ApiMapping": (
        {**HTTP, "Stage": resource("ApiGatewayV2::Stage", ApiId=ref("Http"), StageName="$default"),
         "Domain": resource("ApiGatewayV2::DomainName", DomainName="h.example.com", DomainNameConfigurations=[{"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/a"}])},
        {"ApiId": ref("Http"), "DomainName": ref("Domain"), "Stage": ref("Stage")},
        "[a-z0-9]+",
    ),
    "ApiGatewayV2::VpcLink": (NET, {"Name": "l", "SubnetIds": SUBNETS}, "[a-z0-9]+"),
    "Events::Connection": (
        {}, {"AuthorizationType": "API_KEY", "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}}, STACK
    ),
    "Events::ApiDestination": (
        {"Connection": resource("Events::Connection", AuthorizationType="API_KEY", AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}})},
        {"ConnectionArn": att("Connection.Arn"), "HttpMethod": "POST", "InvocationEndpoint": "https://example.com"},
        STACK,
    ),
    "Scheduler::ScheduleGroup": ({}, {}, STACK),
    "Lambda::EventSourceMapping": (
        {**FUNCTION, "Queue": resource("SQS::Queue")},
        {"FunctionName": ref("Function"), "EventSourceArn": att("Queue.Arn"), "BatchSize": "5"},
        "[0-9a-f-]{36}",
    ),
    "Lambda::Version": (FUNCTION, {"FunctionName": ref("Function")}, "arn:aws:lambda:.*:1"),
    "Kinesis::StreamConsumer": (
        {"Stream": resource("Kinesis::Stream", ShardCount=1)},
        {"StreamARN": att("Stream.Arn"), "ConsumerName": "c"},
        "arn:aws:kinesis:.*",
    ),
    "ApplicationAutoScaling::ScalableTarget": (
        {"Table": resource("DynamoDB::Table", TableName="scaled", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                           AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                           ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})},
        {"ServiceNamespace": "dynamodb", "ResourceId": {"Fn::Sub": "table/${Table}"},
         "ScalableDimension": "dynamodb:table:ReadCapacityUnits", "MinCapacity": "1", "MaxCapacity": 9,
         "RoleARN": "arn:aws:iam::123456789012:role/r"},
        r"table/scaled\|dynamodb:table:ReadCapacityUnits\|dynamodb",
    ),
    "SNS::TopicInlinePolicy": (
        {"Topic": resource("SNS::Topic")}, {"TopicArn": ref("Topic"), "PolicyDocument": ALLOW}, "arn:aws:sns:.*"
    ),
    "SQS::QueueInlinePolicy": (
        {"Queue": resource("SQS::Queue")}, {"Queue": ref("Queue"), "PolicyDocument": ALLOW}, "http.*"
    ),
    "SecretsManager::ResourcePolicy": (
        {"Secret": resource("SecretsManager::Secret", SecretString="x")},
        {"SecretId": ref("Secret"), "ResourcePolicy": ALLOW_ACCOUNT},
        "arn:aws:secretsmanager:.*",
    ),
    # Things and models
    "IoT::Thing": ({}, {"AttributePayload": {"Attributes": {"a": "b"}}}, STACK),
    "IoT::ThingType": ({}, {"ThingTypeName": "lamp"}, "lamp"),
    "IoT::Policy": ({}, {"PolicyDocument": {"Version": "2012-10-17", "Statement": []}}, STACK),
    "IoT::BillingGroup": ({}, {"BillingGroupName": "bill"}, "bill"),
    "IoT::RoleAlias": (ROLE, {"RoleArn": ROLE_ARN, "RoleAlias": "r"}, "r"),
    "IoT::JobTemplate": ({}, {"JobTemplateId": "j", "Description": "d", "Document": "{}"}, "j"),
    "SageMaker::Model": (ROLE, {"ExecutionRoleArn": ROLE_ARN, "PrimaryContainer": {"Image": "i"}}, "arn:aws:sagemaker:.*"),
    "SageMaker::EndpointConfig": (
        {**ROLE, "Model": resource("SageMaker::Model", ModelName="m", ExecutionRoleArn=ROLE_ARN, PrimaryContainer={"Image": "i"})},
        {"ProductionVariants": [{"VariantName": "v", "ModelName": att("Model.ModelName"), "InitialInstanceCount": 1,
                                 "InstanceType": "ml.t2.medium", "InitialVariantWeight": 1}]},
        "arn:aws:sagemaker:.*",
    ),
    "SageMaker::Endpoint": (
        {
            **ROLE,
            "Model": resource("SageMaker::Model", ModelName="m", ExecutionRoleArn=ROLE_ARN, PrimaryContainer={"Image": "i"}),
            "Configuration": resource("SageMaker::EndpointConfig", "Model", ProductionVariants=[
                {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.t2.medium", "InitialVariantWeight": 1}]),
        },
        {"EndpointConfigName": att("Configuration.EndpointConfigName")},
        "arn:aws:sagemaker:.*",
    ),
    "SageMaker::NotebookInstance": (ROLE, {"InstanceType": "ml.t2.medium", "RoleArn": ROLE_ARN}, "arn:aws:sagemaker:.*"),
    "SageMaker::NotebookInstanceLifecycleConfig": ({}, {"OnStart": [{"Content": "ZWNobw=="}]}, "arn:aws:sagemaker:.*"),
    "EMR::Cluster": (
        {},
        {"Name": "c", "Instances": {"MasterInstanceGroup": {"InstanceCount": 1, "InstanceType": "m5.xlarge"}}, "JobFlowRole": "r",
         "ServiceRole": "s", "ReleaseLabel": "emr-6.6.0"},
        "j-.*",
    ),
    "DataPipeline::Pipeline": ({}, {"Name": "p"}, "df-.*"),
}  # fmt: skip

# Kind -> properties that an update changes in place.
CHANGED = {
    "CloudFront::Distribution": {
        "DistributionConfig": {**MADE["CloudFront::Distribution"][1]["DistributionConfig"], "Comment": "changed"}
    },
    "CloudWatch::Alarm": {"Threshold": "7"},
    "Cognito::UserPool": {"AutoVerifiedAttributes": []},
    "Cognito::UserPoolClient": {"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]},
    "EC2::NetworkAcl": {"Tags": [{"Key": "a", "Value": "b"}]},
    "EC2::SecurityGroup": {"SecurityGroupIngress": []},
    "EC2::Subnet": {"MapPublicIpOnLaunch": False},
    "EC2::VPC": {"EnableDnsHostnames": False},
    "ECS::Cluster": {"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]},
    "ECS::Service": {"DesiredCount": 1},
    "ElasticLoadBalancingV2::LoadBalancer": {
        "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "50"}]
    },
    "IAM::User": {"ManagedPolicyArns": []},
    "KMS::Alias": {"TargetKeyId": att("Key.Arn")},
    "KinesisFirehose::DeliveryStream": {
        "ExtendedS3DestinationConfiguration": {"BucketARN": att("Bucket.Arn"), "RoleARN": ROLE_ARN, "Prefix": "x/"}
    },
    "Lambda::EventSourceMapping": {"BatchSize": "6"},
    "Logs::MetricFilter": {"FilterPattern": "WARN"},
    "RDS::DBInstance": {"DBInstanceClass": "db.t3.large", "AllocatedStorage": "30"},
    "Route53::RecordSet": {"TTL": "90", "ResourceRecords": ["4.3.2.1"]},
    "WAFv2::IPSet": {"Addresses": ["10.1.0.0/16"]},
    "WAFv2::WebACL": {"DefaultAction": {"Block": {}}},
}
