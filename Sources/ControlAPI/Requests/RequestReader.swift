import CloudModel
import Hummingbird
import NIOCore
import Operations

/// Turns an HTTP request into an invocation.
struct RequestReader: Sendable {
    let bodyLimit: Int

    /// Arguments come from the path, the query and a JSON object, none twice; `at` names another site.
    func invocation(
        of operation: Operations.Operation, in request: Request, path: [String: String],
        caller: GrantBook.Caller
    ) async throws(OperationError) -> Invocation {
        var arguments: [String: Value] = [:]
        func add(_ name: String, _ value: Value) throws(OperationError) {
            guard arguments[name] == nil else {
                throw OperationError(.badRequest, "\(name) is given twice", next: "give it once")
            }
            arguments[name] = value
        }
        for (name, text) in path { try add(name, .string(text)) }
        for parameter in request.uri.queryParameters {
            try add(String(parameter.key), .string(String(parameter.value)))
        }
        for member in try await self.body(of: request) { try add(member.name, member.value) }
        // A browser that comes back asks at the same address, with the newer position in the header.
        if operation.isFeed, let position = request.headers[.lastEventID] {
            arguments[Catalogue.resumption] = .string(position)
        }
        let site = try Self.site(arguments.removeValue(forKey: Catalogue.destination))
        return Invocation(
            operation: operation.name, arguments: arguments, caller: caller, site: site,
            idempotencyKey: try self.idempotencyKey(of: request))
    }

    /// The site that is named; nil if none is.
    ///
    /// What is no address is refused: left out, it would make the operation happen here.
    private static func site(_ given: Value?) throws(OperationError) -> SiteID? {
        guard let given, !given.isNull else { return nil }
        guard let address = given.string, !address.isEmpty else {
            throw OperationError(
                .badRequest, "\(Catalogue.destination) must be the address of one site, as a text",
                next: "give \(Catalogue.destination)=SITE, or leave it out to ask this site")
        }
        return SiteID(address)
    }

    private func body(of request: Request) async throws(OperationError) -> [Value.Object.Member] {
        let bytes: [UInt8]
        do {
            let buffer = try await request.body.collect(upTo: self.bodyLimit)
            bytes = Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw OperationError(.tooLarge, "the body has more than \(self.bodyLimit) bytes")
        } catch {
            throw OperationError(.badRequest, "the body could not be read: \(error)")
        }
        guard !bytes.isEmpty else { return [] }
        let value: Value
        do throws(JSONParser.Problem) {
            value = try JSONParser.parse(bytes)
        } catch {
            throw OperationError(
                .badRequest, "the body is no JSON: \(error.reason), at byte \(error.offset)",
                next: "send an object such as {\"name\":\"web-1\"}")
        }
        guard let object = value.object else {
            throw OperationError(
                .badRequest, "the body must be a JSON object with the parameters as members")
        }
        return object.members
    }

    /// The key of draft-ietf-httpapi-idempotency-key-header: a repeated request with it must not act again.
    private func idempotencyKey(of request: Request) throws(OperationError) -> String? {
        guard let key = request.headers[.idempotencyKey] else { return nil }
        let isPrintable = key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard !key.isEmpty, key.utf8.count <= Invoke.keyLimit, isPrintable else {
            throw OperationError(
                .badRequest, "Idempotency-Key must have 1 to \(Invoke.keyLimit) printable ASCII characters")
        }
        return key
    }
}
