; Later patterns win.

(identifier) @variable

; Definitions and kinds.
(architecture name: (identifier) @type.definition)
(block name: (identifier) @type.definition)
(kind name: (identifier) @type.definition)
(zoo_path source: (identifier) @module)
(zoo_path name: (identifier) @module)
(layer kind: (identifier) @type)
(part kind: (identifier) @type)
(part name: (identifier) @property)
(type (identifier) @type)
(parameter name: (identifier) @variable.parameter)
(setting name: (identifier) @property)
(for variable: (identifier) @variable.parameter)
(allow lint: (identifier) @constant)

; Rows and what is applied.
(layer name: (name (identifier) @function))
(call function: (identifier) @function.call)
(call function: (indexed value: (identifier) @function.call))
(operation operator: "|>" right: (identifier) @function.call)
(operation operator: "|>" right: (indexed value: (identifier) @function.call))
(argument name: (identifier) @variable.parameter)
(member member: (identifier) @property)
(output_item name: (name (identifier) @variable.member))

((identifier) @variable.builtin
  (#any-of? @variable.builtin "self" "index"))

((call function: (identifier) @function.builtin)
  (#any-of? @function.builtin
    "params" "buffers" "macs" "receptive_field" "legal" "channels" "ceil" "floor"))

; Words.
["arch" "block" "kind" "let"] @keyword
"use" @keyword.import
["numerics" "input" "output" "expect" "allow" "ignore" "image" "at" "as" "within" "when"] @keyword
["for" "in" "to" "down"] @keyword.repeat
["if" "else"] @keyword.conditional
["and" "or" "not" "mod"] @keyword.operator
(boolean) @boolean
(number) @number

; Strings.
(string) @string
(escape) @string.escape

; Signs.
["==" "!=" "<=" ">=" "<" ">" "~=" "+" "-" "*" "/" "^" "⊕" "|>" "=" ".." "|"] @operator
["->" "→"] @operator
(times ["x" "*" "×"] @operator)
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ":" "::" "."] @punctuation.delimiter
(interpolation ["{" "}"] @punctuation.special)

(comment) @comment
(doc_comment) @comment.documentation
