import Cryptography
import Operations
import XMPP

/// The keys below `federation.peers`: how other domains must prove who they are.
extension RemotePolicy {
    private static let section = "federation.peers"

    /// By domain, or `*.` and a domain for all below it.
    static func exceptions(in file: ConfigurationFile) throws(OperationError) -> [String: Authentication] {
        var exceptions: [String: Authentication] = [:]
        for name in file.names(below: Self.section) {
            let key = "\(Self.section).\(name)"
            let isWide = name.hasPrefix("*.")
            let domain: JID
            do throws(JIDError) {
                domain = try JID(isWide ? String(name.dropFirst(2)) : name)
                guard domain == domain.domainJID else { throw JIDError.forbidden(.domain) }
            } catch {
                throw file.problem(key, "below a domain, or *. and a domain; “\(name)” is neither")
            }
            guard let text = try file.text(key) else { continue }
            guard let authentication = Authentication(text) else {
                throw file.problem(
                    key, "certificate, dialback, blocked, or pinned with one or more texts sha256:DIGEST")
            }
            exceptions[(isWide ? "*." : "") + domain.domain] = authentication
        }
        return exceptions
    }
}

extension RemotePolicy.Authentication {
    /// Reads `certificate`, `dialback`, `blocked` or `pinned sha256:HEX …`; nil for anything else.
    fileprivate init?(_ text: String) {
        let words = text.split(separator: " ")
        switch (words.first, words.count) {
        case ("certificate", 1): self = .certificate
        case ("dialback", 1): self = .certificateOrDialback
        case ("blocked", 1): self = .blocked
        case ("pinned", 2...):
            var pins: Set<[UInt8]> = []
            for word in words.dropFirst() {
                guard word.hasPrefix("sha256:"), let digest = Hexadecimal.decode(word.dropFirst(7)),
                    digest.count == HashFunction.sha256.digestLength
                else { return nil }
                pins.insert(digest)
            }
            self = .pinned(pins)
        case (_, _): return nil
        }
    }
}
