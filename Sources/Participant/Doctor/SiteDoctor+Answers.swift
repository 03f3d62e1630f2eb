import CloudModel
import Cryptography
import Federation
import XML
import XMPP
import XMPPTransport

extension SiteDoctor {
    /// Asks a peer the questions that every server answers, over the link that everything else goes by.
    func answers(of peer: SiteID, over link: any XMPPLink) async -> AnswerFacts {
        var facts = AnswerFacts()
        do {
            let address = try peer.jid()
            // The first ping may have streams to make, so its time says nothing.
            _ = try await self.ping(address, link, within: Self.firstAnswerTime)
            for _ in 0..<Self.pings {
                let time = try await self.ping(address, link, within: Self.answerTime)
                facts.roundTrip = min(facts.roundTrip ?? time, time)
            }
            facts.clockLead = await self.clockLead(of: address, link)
            facts.software = await self.software(of: address, link)
        } catch let error as StanzaError {
            facts.refusal = error
        } catch {
            facts.refusal = StanzaError(.badRequest, text: "\(error)")
        }
        return facts
    }

    /// How far the clock of another site is ahead of ours; nil if it does not say.
    func clockLead(of site: SiteID, over link: any XMPPLink) async -> Duration? {
        do {
            return await self.clockLead(of: try site.jid(), link)
        } catch {
            return nil
        }
    }

    /// What the answer to a ping took (XEP-0199).
    private func ping(_ address: JID, _ link: any XMPPLink, within time: Duration) async throws -> Duration {
        try await self.clock.measure {
            do {
                _ = try await self.ask(Ping().element, address, link, within: time)
            } catch let error as StanzaError where error.isAnswerOfPeer {
                // Who does not know the ping has answered all the same (XEP-0199 §4.1).
            }
        }
    }

    /// How far the peer's clock is ahead (XEP-0202); nil if it does not say.
    private func clockLead(of address: JID, _ link: any XMPPLink) async -> Duration? {
        let began = self.now()
        do {
            guard
                let answer = try await self.ask(EntityTime().element, address, link, within: Self.answerTime),
                let theirs = try EntityTime(parsing: answer).reading?.time
            else { return nil }
            let ended = self.now()
            let ours = began.advanced(by: began.duration(to: ended) / 2)
            return ours.duration(to: Instant(millisecondsSinceEpoch: theirs.millisecondsSinceEpoch))
        } catch {
            // An answer that is none is no answer.
            return nil
        }
    }

    /// Name and version of the software (XEP-0092); nil if the peer does not say.
    private func software(of address: JID, _ link: any XMPPLink) async -> String? {
        do {
            guard
                let answer = try await self.ask(
                    SoftwareVersion().element, address, link, within: Self.answerTime)
            else { return nil }
            let software = try SoftwareVersion(parsing: answer)
            return [software.name, software.version].compactMap(\.self).joined(separator: " ")
        } catch {
            return nil
        }
    }

    /// Sends a question and waits for the child of its result.
    private func ask(
        _ question: Element, _ address: JID, _ link: any XMPPLink, within time: Duration
    ) async throws -> Element? {
        var random = SecureRandom()
        let iq = IQ(
            to: address, from: link.address, id: IQ.id(randomUsing: &random), body: .get(question))
        switch try await link.request(iq, timeout: time).body {
        case .result(let element): return element
        case .error(let error): throw error
        case .get, .set: return nil
        }
    }
}
