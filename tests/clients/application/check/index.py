import os


def handler(event, context):
    return {"fits": event["amount"] <= int(os.environ["LIMIT"])}
