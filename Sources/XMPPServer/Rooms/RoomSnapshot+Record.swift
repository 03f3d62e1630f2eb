import CloudModel
package import Storage
import XML
import XMPP

/// Rooms as they are kept on disk.
extension RoomSnapshot {
    package init(_ stored: StoredRoom) throws {
        let room = stored.room
        var entries: [JID: RoomAffiliations.Entry] = [:]
        for record in stored.affiliations {
            guard let affiliation = RoomAffiliation(rawValue: record.affiliation) else {
                throw DatabaseContentError(
                    "the room '\(room.name)' has an affiliation '\(record.affiliation)'")
            }
            entries[try JID(record.address)] = .init(
                affiliation: affiliation, nickname: record.nickname, reason: record.reason)
        }
        self.init(
            name: room.name, configuration: RoomConfiguration(room),
            affiliations: RoomAffiliations(entries), subject: try stored.subject.map(RoomSubject.init))
    }

    var stored: StoredRoom {
        get throws {
            StoredRoom(
                room: self.configuration.record(named: self.name),
                affiliations: self.affiliations.entries.sorted { $0.key < $1.key }.map { address, entry in
                    entry.record(of: address, in: self.name)
                },
                subject: try self.subject?.record(of: self.name))
        }
    }
}

/// What is on disk and cannot be.
struct DatabaseContentError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension RoomAffiliations.Entry {
    func record(of address: JID, in room: String) -> RoomAffiliationRecord {
        RoomAffiliationRecord(
            room: room, address: address.description, affiliation: self.affiliation.rawValue,
            nickname: self.nickname, reason: self.reason)
    }
}

extension RoomSubject {
    init(_ record: RoomSubjectRecord) throws {
        guard case .message(let message) = try Stanza(parsing: Element(parsing: record.message)) else {
            throw DatabaseContentError("the subject of the room '\(record.room)' is no message")
        }
        self.init(
            elements: message.payloads, nickname: record.nickname, author: OccupantID(id: record.author),
            time: Instant(millisecondsSinceEpoch: record.changedAt))
    }

    func record(of room: String) throws -> RoomSubjectRecord {
        let message = Message(to: nil, kind: .groupchat, payloads: self.elements)
        return RoomSubjectRecord(
            room: room, message: try Stanza.message(message).element().serializedText(),
            nickname: self.nickname, author: self.author.id,
            changedAt: self.time.millisecondsSinceEpoch)
    }
}

extension RoomConfiguration {
    fileprivate init(_ record: RoomRecord) {
        self.init(
            name: record.title, description: record.details, language: record.language,
            isPersistent: true, isPublic: record.isPublic, isMembersOnly: record.isMembersOnly,
            isModerated: record.isModerated, password: record.password,
            isNonAnonymous: record.isNonAnonymous,
            participantsMayChangeSubject: record.participantsMayChangeSubject,
            membersMayInvite: record.membersMayInvite,
            privateMessages: PrivateMessages(rawValue: record.privateMessages) ?? .none,
            shownRoles: Set(record.shownRoles.compactMap(RoomRole.init(rawValue:))),
            maximumOccupants: record.maximumOccupants, historyStanzas: record.historyStanzas)
    }

    fileprivate func record(named name: String) -> RoomRecord {
        RoomRecord(
            name: name, title: self.name, details: self.description, language: self.language,
            password: self.password, isPublic: self.isPublic, isMembersOnly: self.isMembersOnly,
            isModerated: self.isModerated, isNonAnonymous: self.isNonAnonymous,
            participantsMayChangeSubject: self.participantsMayChangeSubject,
            membersMayInvite: self.membersMayInvite, privateMessages: self.privateMessages.rawValue,
            shownRoles: self.shownRoles.sorted().map(\.rawValue), maximumOccupants: self.maximumOccupants,
            historyStanzas: self.historyStanzas)
    }
}

extension RoomStore {
    /// Makes the disk know what the room has decided.
    func perform(_ write: RoomWrite) async throws {
        switch write {
        case .save(let snapshot): try await self.save(try snapshot.stored)
        case .affiliations(let room, let entries):
            var changed: [RoomAffiliationRecord] = []
            var removed: [String] = []
            for (address, entry) in entries {
                if let entry {
                    changed.append(entry.record(of: address, in: room))
                } else {
                    removed.append(address.description)
                }
            }
            try await self.change(changed, removed: removed, in: room)
        case .subject(let room, let subject): try await self.save(try subject.record(of: room))
        case .delete(let room): _ = try await self.delete(name: room)
        }
    }
}
