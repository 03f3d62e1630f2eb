package import Operations

/// The OpenAPI 3.1 description of the interface, made from the catalogue.
package enum OpenAPIDocument {
    package static let value: Value = [
        "openapi": "3.1.0",
        "info": [
            "title": "Tradewind", "version": .string(InterfaceVersion.text),
            "description": .string(
                "Operations of one Tradewind process. Every operation has a route of its own and is also "
                    + "performed by POST /v1/operations/{name}."),
        ],
        "servers": [["url": "/v1"]],
        "security": [["token": []]],
        "paths": .object(Self.paths),
        "components": [
            "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
            "schemas": ["Result": Self.result, "Problem": Self.problem],
        ],
    ]

    /// The catalogue as a list: what `GET /v1/operations` answers.
    package static let operations: Value = .array(
        Catalogue.operations.map { operation in
            [
                "name": .string(operation.name), "summary": .string(operation.summary),
                "method": .string(operation.route.method.rawValue),
                "path": .string("/v1" + operation.route.path), "destroys": .bool(operation.destroys),
                "usage": .string(operation.usage),
            ]
        })

    private static let result: Value = [
        "type": "object", "required": ["site", "value"],
        "properties": [
            "site": ["type": "string", "description": "the site that answered"],
            "message": ["type": "string", "description": "what was done, for people"],
            "value": ["description": "what was asked for"],
        ],
    ]

    private static let problem: Value = [
        "type": "object", "required": ["type", "title", "status", "detail", "code"],
        "properties": [
            "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
            "detail": ["type": "string", "description": "what was tried and what went wrong"],
            "code": [
                "type": "string",
                "enum": .array(OperationError.Code.allCases.map { .string($0.rawValue) }),
            ],
            "next": ["type": "string", "description": "what to do about it"],
            "site": ["type": "string", "description": "the site whose answer it is"],
        ],
    ]

    private static var paths: Value.Object {
        var paths = Value.Object()
        for operation in Catalogue.operations {
            var item = paths[operation.route.path]?.object ?? Value.Object()
            item[operation.route.method.rawValue.lowercased()] = Self.item(operation)
            paths[operation.route.path] = .object(item)
        }
        return paths
    }

    private static func item(_ operation: Operations.Operation) -> Value {
        let inPath = operation.route.parameters
        let others = operation.parameters.filter { !inPath.contains($0.name) }
        let hasBody = operation.route.method == .post || operation.route.method == .put
        var parameters = operation.parameters.filter { inPath.contains($0.name) }
            .map { Self.parameter($0, in: "path") }
        if !hasBody { parameters += others.map { Self.parameter($0, in: "query") } }
        parameters.append([
            "name": .string(Catalogue.destination), "in": "query", "required": false,
            "description": "the site where it shall happen, if not the one that is asked",
            "schema": ["type": "string"],
        ])
        if operation.effect != .reads {
            parameters.append([
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "a second request with the same key does not act a second time",
                "schema": ["type": "string", "maxLength": .integer(Int64(Invoke.keyLimit))],
            ])
        }
        if operation.isFeed {
            parameters.append([
                "name": "Last-Event-ID", "in": "header", "required": false,
                "description": "the id of the last event that was read: the feed goes on after it",
                "schema": ["type": "string"],
            ])
        }
        var item = Value.Object()
        item["operationId"] = .string(operation.name)
        item["summary"] = .string(operation.summary)
        item["tags"] = [.string(operation.noun)]
        item["parameters"] = .array(parameters)
        if hasBody, !others.isEmpty { item["requestBody"] = Self.body(others) }
        item["responses"] = Self.responses(of: operation)
        return .object(item)
    }

    private static func parameter(_ parameter: Parameter, in place: String) -> Value {
        [
            "name": .string(parameter.name), "in": .string(place),
            "required": .bool(place == "path" || parameter.isRequired),
            "description": .string(parameter.help), "schema": Self.schema(parameter, isText: true),
        ]
    }

    private static func body(_ parameters: [Parameter]) -> Value {
        var properties = Value.Object()
        for parameter in parameters { properties[parameter.name] = Self.schema(parameter, isText: false) }
        let required = parameters.filter(\.isRequired).map { Value.string($0.name) }
        return [
            "required": .bool(!required.isEmpty),
            "content": [
                "application/json": [
                    "schema": [
                        "type": "object", "additionalProperties": false, "required": .array(required),
                        "properties": .object(properties),
                    ]
                ]
            ],
        ]
    }

    private static func responses(of operation: Operations.Operation) -> Value {
        var content = Value.Object()
        content["application/json"] = ["schema": ["$ref": "#/components/schemas/Result"]]
        if operation.isLong {
            let events = operation.isFeed ? "events start, workload and gap" : "events progress"
            content["text/event-stream"] = [
                "schema": [
                    "type": "string",
                    "description": .string("\(events) (any number), then result or problem"),
                ]
            ]
        }
        return [
            "200": ["description": "performed", "content": .object(content)],
            "default": [
                "description": "not performed",
                "content": [
                    "application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]
                ],
            ],
        ]
    }
}
