package import CloudModel
import Storage
package import XML
package import XMPP

extension DomainFeature {
    /// Archives of accounts (XEP-0313) and what goes into them (XEP-0441).
    static var archive: Self {
        var feature = Self("archive")
        feature.accountFeatures = [Namespace.archive, Namespace.archiveExtended]
        feature.accountQueries = [
            .get(ArchiveQuery.self): AccountQuery(for: .owner) {
                $0.answer($1, .result(ArchiveQuery(form: ArchiveFilter.form).element))
            },
            .set(ArchiveQuery.self): AccountQuery(for: .owner) {
                $0.readArchive($1.iq, $1.query, of: $1.account, session: $1.session?.id, at: $1.now)
            },
            .get(ArchiveMetadata.self): AccountQuery(for: .owner) {
                $0.describeArchive($1.iq, of: $1.account, session: $1.session?.id)
            },
            .get(ArchivePreferences.self): AccountQuery(for: .owner) { $0.archivePreferences($1) },
            .set(ArchivePreferences.self): AccountQuery(for: .owner) { $0.setArchivePreferences($1) },
        ]
        return feature
    }
}

/// What accounts wrote and were sent, and the reading of any archive.
extension LocalDomain {
    // MARK: Filing

    /// A message that a client sends goes into its account's archive, unless it is to the account itself: then it goes
    /// in where it arrives, for it must not be there twice (XEP-0313 §6.1).
    mutating func fileSent(_ message: Message, by account: JID, at now: Instant) -> ArchiveEntry? {
        guard let to = message.to, to.bare != account else { return nil }
        return self.file(message, of: account, peer: to, at: now)
    }

    /// A message that reaches an account goes into its archive, and gets the id it has there.
    ///
    /// One that is refused or dropped does not: an archive holds what its owner was given.
    mutating func fileReceived(
        _ message: inout Message, for account: JID, _ decision: DeliveryRules.Decision, at now: Instant
    ) -> [DomainDirective] {
        switch decision {
        case .deliver, .store: break
        case .drop, .refuse, .answerForAccount: return []
        }
        guard let from = message.from, let entry = self.file(message, of: account, peer: from, at: now) else {
            return []
        }
        message.payloads.append(entry.stanzaID.element)
        return [.archive(entry)]
    }

    private mutating func file(
        _ message: Message, of account: JID, peer: JID, at now: Instant
    ) -> ArchiveEntry? {
        guard let archive = self.archive, ArchiveRules.isWorthKeeping(message) else { return nil }
        let isInRoster = self.rosters[account]?[peer.bare]?.isListed ?? false
        guard archive.preferences(of: account).allow(peer, isInRoster: isInRoster) else { return nil }
        return self.archive?.file(message, in: account, peer: peer, at: now)
    }

    /// The sender of a message that could not be archived, and so was given to nobody, is told to try again.
    ///
    /// A room's new subject is in force by then, on the disk too: everybody hears of it without an id in the archive.
    func refuseUnarchived(_ message: Message) -> [DomainDirective] {
        if let subject = self.rooms?.unarchived(message) { return [self.forward(.message(subject))] }
        let error = StanzaError(
            .internalServerError, kind: .wait, text: "the message could not be stored; send it again later")
        // The others in a room have not sent what they did not get.
        if let refusals = self.rooms?.refusal(ofUnarchived: message, error) {
            return refusals.map(self.forward)
        }
        return self.refuse(.message(message), error)
    }

    // MARK: Reading

    /// Answers a query to an archive, which the one who asks has been found to be allowed to see.
    ///
    /// - Parameters:
    ///   - session: the client that asks, if it is one of the archive's owner; everybody else is answered at his
    ///     address.
    ///   - hidesAddresses: whether what a room knows of its speakers is left out.
    package func readArchive(
        _ iq: IQ, _ query: Element, of archive: JID, session: SessionID?, hidesAddresses: Bool = false,
        at now: Instant
    ) -> DomainStep {
        guard let rules = self.archive else { return self.reply(iq, .error(.noArchive), session) }
        do throws(StanzaError) {
            let reading = try ArchiveReading(
                iq, query, to: archive, session: session, by: rules, hidesAddresses: hidesAddresses, at: now)
            return .durable(.archive(.read(reading)))
        } catch {
            return self.reply(iq, .error(error), session)
        }
    }

    /// Tells where an archive begins and ends, with the same rights as ``readArchive(_:_:of:session:at:)``.
    package func describeArchive(_ iq: IQ, of archive: JID, session: SessionID?) -> DomainStep {
        guard self.archive != nil else { return self.reply(iq, .error(.noArchive), session) }
        return .durable(.archive(.describe(iq, session, archive: archive)))
    }

    /// The page has been read: the messages, then what ends them.
    ///
    /// - Parameter now: when it was read.
    mutating func answered(
        _ reading: ArchiveReading, _ page: ArchivePage, at now: Instant
    ) -> [DomainDirective] {
        guard let archive = self.archive else { return [] }
        do throws(StanzaError) {
            let seesAddresses = try self.check(reading: reading.iq, reading.archive, reading.session, at: now)
            let answer = reading.answer(page, ids: archive.ids, seesAddresses: seesAddresses)
            let messages = answer.messages.map { self.hand(.message($0), to: reading.session) }
            return messages + [self.hand(.iq(reading.iq.reply(answer.body)), to: reading.session)]
        } catch {
            return [self.hand(.iq(reading.iq.reply(.error(error))), to: reading.session)]
        }
    }

    mutating func answered(
        _ iq: IQ, _ session: SessionID?, archive: JID,
        ends: (first: ArchiveRecord, last: ArchiveRecord)?, at now: Instant
    ) -> [DomainDirective] {
        guard let ids = self.archive?.ids else { return [] }
        do throws(StanzaError) {
            _ = try self.check(reading: iq, archive, session, at: now)
            let metadata = ArchiveReading.metadata(ends, of: archive, ids: ids)
            return [self.hand(.iq(iq.reply(.result(metadata.element))), to: session)]
        } catch {
            return [self.hand(.iq(iq.reply(.error(error))), to: session)]
        }
    }

    /// Counts the reading of a room's archive and looks once more whether the asker may see it: while the disk was asked
    /// he may have been banned, or the room may have made way for another of the same name.
    ///
    /// Whether he may see now whatever the archive knows of those who speak in it.
    private mutating func check(
        reading iq: IQ, _ archive: JID, _ session: SessionID?, at now: Instant
    ) throws(StanzaError) -> Bool {
        guard session == nil, self.rooms?.address.domain == archive.domain else { return true }
        return try self.rooms?.count(reading: iq, of: archive, at: now) ?? true
    }

    /// The archive could not be read or written.
    func failed(_ step: ArchiveStep) -> [DomainDirective] {
        let error = StanzaError(
            .internalServerError, kind: .wait, text: "the archive cannot be reached; try again later")
        switch step {
        case .read(let reading): return [self.hand(.iq(reading.iq.reply(.error(error))), to: reading.session)]
        case .describe(let iq, let session, _): return [self.hand(.iq(iq.reply(.error(error))), to: session)]
        case .setPreferences(_, let request): return self.answers(to: request, .error(error))
        }
    }

    private func reply(_ iq: IQ, _ body: IQ.Body, _ session: SessionID?) -> DomainStep {
        .done([self.hand(.iq(iq.reply(body)), to: session)])
    }

    // MARK: Preferences

    fileprivate func archivePreferences(_ request: AccountRequest) -> DomainStep {
        guard let archive = self.archive else { return self.answer(request, .error(.noArchive)) }
        return self.answer(request, .result(archive.preferences(of: request.account).element))
    }

    fileprivate func setArchivePreferences(_ request: AccountRequest) -> DomainStep {
        guard let archive = self.archive else { return self.answer(request, .error(.noArchive)) }
        do throws(PayloadError) {
            // Counted before any address is prepared.
            let count = ["always", "never"].reduce(0) { count, list in
                count + (request.query.child(list)?.children("jid").count ?? 0)
            }
            guard count <= archive.limits.preferenceAddresses else {
                let error = StanzaError(
                    .resourceConstraint, kind: .modify,
                    text: "at most \(archive.limits.preferenceAddresses) addresses can be named")
                return self.answer(request, .error(error))
            }
            var preferences = try ArchivePreferences(parsing: request.query)
            preferences.standard =
                preferences.standard ?? archive.preferences(of: request.account).standard
            return .durable(.archive(.setPreferences(preferences, request)))
        } catch {
            return self.answer(request, .error(error.stanzaError))
        }
    }

    /// The preferences are on disk.
    mutating func changed(_ preferences: ArchivePreferences, _ request: AccountRequest) -> [DomainDirective] {
        self.archive?.set(preferences, of: request.account)
        return self.answers(to: request, .result(preferences.element))
    }
}

extension StanzaError {
    fileprivate static let noArchive = StanzaError(.serviceUnavailable, text: "nothing is archived here")
}
