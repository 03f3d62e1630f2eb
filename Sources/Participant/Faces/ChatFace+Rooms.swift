import CloudModel
import Logging
import Operations
import Synchronization
import XML
import XMPP

/// Being invited to rooms and sent out of them: whoever has the grant for `room.join` may invite.
extension ChatFace {
    /// Takes an invitation, from whoever invites (XEP-0249) or through the room (XEP-0045 §7.8.2); true if it was one.
    ///
    /// An invitation through a room says who invites, which is believed of trusted services only.
    func take(invitation message: Message) async -> Bool {
        guard let sender = message.from, message.kind != .error, message.kind != .groupchat,
            !message.holdsWhatIsSentOnRequest, !message.payloads.contains(where: Delay.matches)
        else { return false }
        do {
            if let notice = try message.payloads.first(where: RoomNotice.matches).map(
                RoomNotice.init(parsing:)),
                let invitation = notice.invitations.first
            {
                // A room speaks for itself without a resource; what has one is somebody in it, or an account's client.
                guard let inviter = invitation.from?.bare, sender.local != nil, sender.resource == nil,
                    self.rooms.trusts(sender.domain)
                else {
                    self.logger.info("passed over an invitation", metadata: ["room": "\(sender)"])
                    return true
                }
                await self.join(sender.bare, invitedBy: inviter)
                return true
            }
            guard let element = message.payloads.first(where: DirectInvitation.matches) else { return false }
            let room = try DirectInvitation(parsing: element).room
            // Somebody in a room is nobody whom we know by his address.
            guard sender.local != nil, !self.rooms.isRoom(sender) else { return true }
            await self.join(room.bare, invitedBy: sender.bare)
            return true
        } catch {
            self.logger.debug(
                "an invitation cannot be read", metadata: ["from": "\(sender)", "error": "\(error)"])
            return false
        }
    }

    /// Says nothing to whoever may not: entering, or not, is the answer.
    private func join(_ room: JID, invitedBy inviter: JID) async {
        let now = self.now()
        let mayTry = self.state.withLock { $0.allowance.take(inviter.description, now: now) == .answer }
        guard mayTry else { return }
        do throws(OperationError) {
            let operation = Invocation(
                operation: "room.join", arguments: ["room": .string(room.description)],
                caller: GrantBook.Caller(inviter))
            _ = try await self.table.perform(operation) { _ in }
        } catch {
            self.logger.info(
                "an invitation to a room was not followed",
                metadata: ["room": "\(room)", "inviter": "\(inviter)", "reason": "\(error.message)"])
        }
    }

    /// Leaves the room in which somebody said so; whoever may not is told why.
    func leave(_ room: JID, asked caller: GrantBook.Caller) async throws(OperationError) {
        _ = try await self.table.perform(
            Invocation(
                operation: "room.leave", arguments: ["room": .string(room.description)], caller: caller)
        ) { _ in }
    }
}
