package import Operations
import XMPP

extension OperationTable {
    /// Registers `room.list`, `room.join` and `room.leave`.
    package mutating func registerRooms(_ keeper: RoomKeeper) {
        let site = self.site
        self.register("room.list") { _, _ async throws(OperationError) in
            OperationResult(site: site, value: keeper.list)
        }
        self.register("room.join") { invocation, _ async throws(OperationError) in
            let room = try Self.room(invocation)
            try await keeper.enter(room)
            return OperationResult(site: site, message: "asked to be let into \(room)")
        }
        self.register("room.leave") { invocation, _ async throws(OperationError) in
            let room = try Self.room(invocation)
            try await keeper.leave(room)
            return OperationResult(site: site, message: "left \(room)")
        }
    }

    private static func room(_ invocation: Invocation) throws(OperationError) -> JID {
        let text = try invocation.text("room")
        do {
            return try JID(text)
        } catch {
            throw OperationError(.badRequest, "\(text.quoted) is no address: \(error)")
        }
    }
}
