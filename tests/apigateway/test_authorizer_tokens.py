"""Tokens of Cognito's user pools, and of other issuers, let their holders through."""

from __future__ import annotations

import base64
import json

import pytest

from dynastep import emulator

CLIENT = "ALLOW_USER_PASSWORD_AUTH"


@pytest.fixture
def users(dynastep):
    """A user pool with a user: its ARN and issuer, its client, and the tokens of the user."""
    cognito = dynastep.client("cognito-idp")

    class Users:
        def __init__(self):
            made = cognito.create_user_pool(PoolName="p")["UserPool"]
            self.id, self.arn = made["Id"], made["Arn"]
            self.issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{self.id}"
            made = cognito.create_user_pool_client(UserPoolId=self.id, ClientName="c", ExplicitAuthFlows=[CLIENT])
            self.client = made["UserPoolClient"]["ClientId"]
            cognito.admin_create_user(UserPoolId=self.id, Username="ada", TemporaryPassword="Secret#123")
            cognito.admin_set_user_password(UserPoolId=self.id, Username="ada", Password="Secret#123", Permanent=True)

        @property
        def tokens(self):
            parameters = {"USERNAME": "ada", "PASSWORD": "Secret#123"}
            said = cognito.initiate_auth(ClientId=self.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
            return said["AuthenticationResult"]

    return Users


def forged(token):
    head, claims, signature = token.split(".")
    found = json.loads(base64.urlsafe_b64decode(claims + "=="))
    other = base64.urlsafe_b64encode(json.dumps({**found, "sub": "another"}).encode()).decode().rstrip("=")
    return f"{head}.{other}.{signature}"


@pytest.fixture
def of_users(rest, behind):
    """A REST API for the users of a pool; what a function behind it is told of the user is its answer."""

    def make(pool, **method):
        api = rest()
        authorizer = api.gateway.create_authorizer(
            restApiId=api.id,
            name="users",
            type="COGNITO_USER_POOLS",
            providerARNs=[pool.arn],
            identitySource="method.request.header.Authorization",
        )["id"]
        wanted = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer, **method}
        uri = behind(lambda event: {"body": json.dumps(event["requestContext"]["authorizer"])})
        api.method("GET", type="AWS_PROXY", uri=uri, method=wanted)
        return api.deploy()

    return make


def test_a_user_of_a_pool_calls_a_rest_api_by_an_identity_token(dynastep, users, of_users, ask):
    pool = users()
    api, tokens = of_users(pool), pool.tokens

    def said(token):
        return ask(api, "GET", "/", headers={"Authorization": token})

    claims = said(tokens["IdToken"]).json["claims"]
    assert (claims["cognito:username"], claims["iss"], claims["aud"]) == ("ada", pool.issuer, pool.client)
    assert said(f"Bearer {tokens['IdToken']}").status == 200
    refused = [said(token) for token in (tokens["AccessToken"], forged(tokens["IdToken"]), "a.b.c", "a", "")]
    assert [(each.status, each.json) for each in refused] == [(401, {"message": "Unauthorized"})] * 5
    assert said(users().tokens["IdToken"]).status == 401
    dynastep.clock.advance(hours=1)
    expired = said(tokens["IdToken"])
    assert (expired.status, expired.json) == (401, {"message": "The incoming token has expired"})
    assert said(pool.tokens["IdToken"]).status == 200


def test_a_scope_wants_an_access_token_that_has_it(users, of_users, ask):
    pool = users()
    api = of_users(pool, authorizationScopes=["aws.cognito.signin.user.admin", "bills"])
    other = of_users(pool, authorizationScopes=["bills"])
    tokens = pool.tokens
    assert ask(api, "GET", "/", headers={"Authorization": tokens["AccessToken"]}).status == 200
    assert ask(api, "GET", "/", headers={"Authorization": tokens["IdToken"]}).status == 401
    assert ask(other, "GET", "/", headers={"Authorization": tokens["AccessToken"]}).status == 401


@pytest.fixture
def of_holders(dynastep):
    """An HTTP API for those who hold a token; a function behind it answers what it is told of the token."""
    gateway = dynastep.client("apigatewayv2")

    def make(issuer, audience, version="2.0", **route):
        def behind(event):
            return {"statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"])}

        arn = dynastep.function("behind", behind)
        api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
        integration = gateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion=version
        )["IntegrationId"]
        authorizer = gateway.create_authorizer(
            ApiId=api,
            Name="jwt",
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Issuer": issuer, "Audience": audience},
        )["AuthorizerId"]
        target = {"Target": f"integrations/{integration}", "AuthorizerId": authorizer, "AuthorizationType": "JWT"}
        gateway.create_route(ApiId=api, RouteKey="GET /", **target, **route)
        gateway.create_stage(ApiId=api, StageName="prod", AutoDeploy=True)
        return api

    return make


def test_a_token_lets_its_holder_call_an_http_api(dynastep, users, of_holders, ask):
    pool = users()
    api, tokens = of_holders(pool.issuer, [pool.client]), pool.tokens

    def said(token):
        return ask(api, "GET", "/", headers={"Authorization": token})

    found = said(f"Bearer {tokens['AccessToken']}").json
    assert (found["jwt"]["claims"]["client_id"], found["jwt"]["scopes"]) == (pool.client, None)
    assert found["jwt"]["claims"]["exp"].isdigit()
    assert said(tokens["IdToken"]).json["jwt"]["claims"]["aud"] == pool.client
    for token in (forged(tokens["IdToken"]), "nothing"):
        refused = said(token)
        assert (refused.status, refused.json) == (401, {"message": "Unauthorized"})
    dynastep.clock.advance(hours=1)
    assert said(tokens["IdToken"]).status == 401


def test_the_audience_and_the_scope_of_a_token_count(users, of_holders, ask):
    pool = users()
    headers = {"Authorization": pool.tokens["AccessToken"]}
    other = of_holders(pool.issuer, ["another"])
    assert ask(other, "GET", "/", headers=headers).status == 401
    wanting = of_holders(pool.issuer, [pool.client], AuthorizationScopes=["bills"])
    said = ask(wanting, "GET", "/", headers=headers)
    assert (said.status, said.json) == (403, {"message": "Forbidden"})
    scope = "aws.cognito.signin.user.admin"
    having = of_holders(pool.issuer, [pool.client], "1.0", AuthorizationScopes=["bills", scope])
    assert ask(having, "GET", "/", headers=headers).json["scopes"] == [scope]


def test_another_issuer_is_asked_for_its_keys_once(dynastep, web_server, of_holders, ask):
    from joserfc import jwk, jwt

    key = jwk.RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
    claims = {"iss": web_server.url, "aud": "me", "exp": dynastep.clock.now() + 60, "n": [1, "a"]}
    token = jwt.encode({"kid": "k1", "alg": "RS256"}, claims, key)
    web_server.answer_json({"jwks_uri": f"{web_server.url}/keys", "keys": [key.as_dict(private=False)]})
    api = of_holders(web_server.url, ["me"])
    answers = [ask(api, "GET", "/", headers={"Authorization": token}) for _ in range(2)]
    assert [each.json["jwt"]["claims"]["n"] for each in answers] == ["[1 a]"] * 2
    assert [each["path"] for each in web_server.asked] == ["/.well-known/openid-configuration", "/keys"]


def test_an_issuer_that_is_not_there_has_no_keys(of_holders, ask):
    api = of_holders("http://127.0.0.1:1", ["me"])
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    claims = base64.urlsafe_b64encode(b'{"iss":"http://127.0.0.1:1","aud":"me","exp":9999999999}').decode().rstrip("=")
    assert ask(api, "GET", "/", headers={"Authorization": f"{head}.{claims}."}).status == 401


def test_tokens_hold_by_the_clock_of_their_account():
    with emulator() as dynastep:
        dynastep.clock.advance(days=400)
        cognito = dynastep.client("cognito-idp")
        pool = cognito.create_user_pool(PoolName="p")["UserPool"]["Id"]
        made = cognito.create_user_pool_client(UserPoolId=pool, ClientName="c", ExplicitAuthFlows=[CLIENT])
        cognito.admin_create_user(UserPoolId=pool, Username="ada", TemporaryPassword="Secret#123")
        cognito.admin_set_user_password(UserPoolId=pool, Username="ada", Password="Secret#123", Permanent=True)
        said = cognito.initiate_auth(
            ClientId=made["UserPoolClient"]["ClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": "Secret#123"},
        )
        claims = said["AuthenticationResult"]["IdToken"].split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(claims + "=="))
        assert (found["iat"], found["exp"] - found["iat"]) == (int(dynastep.clock.now()), 3600)
