import Hummingbird
import Operations

/// One block of a stream of server-sent events (WHATWG HTML §9.2.6).
enum ServerSentEvent {
    static let mediaType = "text/event-stream"

    /// What keeps a silent connection from being taken for a dead one.
    static let comment = ByteBuffer(string: ": still here\n\n")

    /// JSON on one line has no line feed, so one `data:` line carries it.
    static func event(_ name: String, id: String? = nil, _ value: Value) -> ByteBuffer {
        let id = id.map { "id: \($0)\n" } ?? ""
        return ByteBuffer(string: "\(id)event: \(name)\ndata: \(value.json())\n\n")
    }

    static func response(_ body: ResponseBody) -> Response {
        Response(
            status: .ok, headers: [.contentType: Self.mediaType, .cacheControl: "no-store"], body: body)
    }
}
