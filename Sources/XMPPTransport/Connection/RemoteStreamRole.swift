/// The role of a stream between servers, whichever side opened it.
protocol RemoteStreamRole: StreamRole {}

extension RemoteStreamRole {
    /// What is kept for the peer is kept for the next connection.
    func unanswered(on stream: StreamHandler) {
        stream.lose("the other server says nothing any more")
    }
}
