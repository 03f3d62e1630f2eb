import Storage
import XMPP

extension XMPPServer {
    /// Reads back the last that was said in each room, for those who come in after a restart (XEP-0045 §7.2.13).
    static func restoreHistories(in domain: inout LocalDomain, from store: ArchiveStore) async throws {
        guard domain.archive != nil, let rooms = domain.rooms else { return }
        for name in rooms.rooms.keys.sorted() {
            let room = JID(preparedLocal: name, domain: rooms.address.domain, resource: nil)
            let selection = ArchiveSelection(
                archive: room.description, position: .last, limit: rooms.limits.historyStanzas,
                byteLimit: rooms.limits.historyBytes)
            guard case .messages(let records, _) = try await store.page(selection) else { continue }
            domain.restoreHistory(of: room, records)
        }
    }
}
