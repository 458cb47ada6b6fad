[(architecture) (block) (kind) (for)] @local.scope

(parameter name: (identifier) @local.definition.parameter)
(for variable: (identifier) @local.definition.var)
(let name: (identifier) @local.definition.var)
(input name: (name (identifier) @local.definition.var))
(map name: (name (identifier) @local.definition.var))
(layer name: (name (identifier) @local.definition.function))
(part name: (identifier) @local.definition.field)

(identifier) @local.reference
