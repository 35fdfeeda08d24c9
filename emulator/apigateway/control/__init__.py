"""The control plane of REST APIs: what operations such as CreateRestApi and UpdateStage make of them.

Things are kept as AWS's operations show them. Each module has the operations of one kind of thing; ``operations`` has
them all. Texts of refusals are AWS's, as recorded or documented.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html
"""
