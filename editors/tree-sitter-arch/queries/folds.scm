[
  (body)
  (numerics)
  (kind)
  (list)
  (output_list)
  (arguments)
  (parameters)
  (comment)
] @fold
