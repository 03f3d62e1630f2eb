import CloudModel
import Hummingbird
import Operations

/// Words an operation's outcome as an HTTP response.
enum Answer {
    /// `{"site": …, "message": …, "value": …}`.
    static func document(of result: OperationResult) -> Value {
        var document = Value.Object()
        document["site"] = .string(result.site.address)
        if let message = result.message { document["message"] = .string(message) }
        document["value"] = result.value
        return .object(document)
    }

    /// A problem document (RFC 9457); `next` says what to do about it.
    static func document(of error: OperationError) -> Value {
        var document = Value.Object()
        document["type"] = .string("urn:tradewind:problem:\(error.code.rawValue)")
        document["title"] = .string(error.code.title)
        document["status"] = .integer(Int64(error.code.status))
        document["detail"] = .string(error.message)
        document["code"] = .string(error.code.rawValue)
        if let next = error.next { document["next"] = .string(next) }
        if let site = error.site { document["site"] = .string(site.address) }
        return .object(document)
    }

    static func response(to result: OperationResult) -> Response {
        Self.response(.ok, Self.document(of: result))
    }

    static func response(to error: OperationError) -> Response {
        var response = Self.response(
            .init(code: error.code.status), Self.document(of: error), type: "application/problem+json")
        if error.code == .unauthenticated { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    static func response(
        _ status: HTTPResponse.Status, _ value: Value, type: String = "application/json"
    ) -> Response {
        Self.response(status, text: value.json() + "\n", type: type)
    }

    static func response(_ status: HTTPResponse.Status, text: String, type: String) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
