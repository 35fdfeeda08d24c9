"""What an expression is: paths, intrinsic functions, payload templates, Choice rules, JSONata in fields."""
