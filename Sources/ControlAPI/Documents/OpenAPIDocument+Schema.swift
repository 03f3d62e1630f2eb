import Operations

extension OpenAPIDocument {
    /// The JSON schema of one parameter; in a query everything is text, and lists are separated by commas.
    static func schema(_ parameter: Parameter, isText: Bool) -> Value {
        var schema = Value.Object()
        switch parameter.kind {
        case .text, .jid:
            schema["type"] = "string"
            schema["maxLength"] = .integer(Int64(Parameter.textLimit))
        case .integer(let range):
            schema["type"] = "integer"
            schema["minimum"] = .integer(range.lowerBound)
            schema["maximum"] = .integer(range.upperBound)
        case .number(let range):
            schema["type"] = "number"
            schema["minimum"] = .double(range.lowerBound)
            schema["maximum"] = .double(range.upperBound)
        case .boolean:
            schema["type"] = "boolean"
        case .choice(let choices):
            schema["type"] = "string"
            schema["enum"] = .array(choices.map(Value.string))
        case .size:
            schema["type"] = ["string", "integer"]
            schema["examples"] = ["512M", "2G", 2_048]
        case .duration:
            schema["type"] = ["string", "integer"]
            schema["examples"] = ["30s", "5m", 30]
        case .document:
            schema["type"] = ["object", "string"]
            schema["maxLength"] = .integer(Int64(DocumentLimits.bytes))
        case .list where isText:
            schema["type"] = "string"
        case .list:
            schema["type"] = "array"
            schema["items"] = ["type": "string"]
            schema["maxItems"] = .integer(Int64(Parameter.listLimit))
        }
        if !isText { schema["description"] = .string(parameter.help) }
        if let value = parameter.defaultValue { schema["default"] = value }
        return .object(schema)
    }
}
