import Cryptography
import XMPP

/// Both halves of SASL, fed with messages as they come out of the base64.
///
/// The first byte chooses the half, the second the mechanism. Messages end at 0xFF, which is in no UTF-8 text and in none
/// that is proper here.
enum SASLTarget {
    private static let certified = JID(preparedLocal: nil, domain: "tokyo.test", resource: nil)
    private static let nonce = [UInt8](repeating: 42, count: 24)
    private static let binding = ChannelBinding(kind: .tlsExporter, bytes: [UInt8](repeating: 7, count: 32))

    static func check(_ input: [UInt8]) throws(FuzzViolation) {
        guard input.count > 2 else { return }
        let mechanism = SASLMechanism.allCases[Int(input[1]) % SASLMechanism.allCases.count]
        let messages = input.dropFirst(2)
            .split(separator: 0xFF, maxSplits: 7, omittingEmptySubsequences: false).map(Array.init)
        if input[0] & 1 == 0 {
            try Self.serve(mechanism, messages)
        } else {
            try Self.authenticate(mechanism, messages)
        }
    }

    private static func serve(_ mechanism: SASLMechanism, _ messages: [[UInt8]]) throws(FuzzViolation) {
        var server = SASLServer(
            SASLServer.Context(
                domain: "paris.test", offered: SASLMechanism.allCases, bindings: [Self.binding],
                proved: [Self.certified], nonce: Self.nonce))
        var directive = server.begin(mechanism: mechanism.rawValue, initialResponse: messages.first)
        var rest = messages.dropFirst()
        while true {
            switch directive {
            case .challenge:
                guard let message = rest.popFirst() else { return }
                directive = server.receive(response: message)
            case .needCredentials(let name, let hash):
                let known = name == KnownAccount.name ? KnownAccount.credentials(hash) : nil
                directive = server.receive(known ?? KnownAccount.unknown(name, hash))
            case .hash(let hashing): directive = server.receive(hashing.perform())
            case .success(let identity, _):
                let expected =
                    mechanism == .external
                    ? Self.certified
                    : JID(preparedLocal: KnownAccount.name, domain: "paris.test", resource: nil)
                try FuzzViolation.unless(identity == expected, "\(identity) by \(mechanism)")
                try Self.isOver(&server)
                return
            case .failure:
                try Self.isOver(&server)
                return
            }
        }
    }

    /// After its end an exchange only fails.
    private static func isOver(_ server: inout SASLServer) throws(FuzzViolation) {
        switch server.receive(response: Array("c=biws,r=x,p=eA==".utf8)) {
        case .failure: break
        case .challenge, .needCredentials, .hash, .success:
            throw FuzzViolation("the exchange goes on after its end")
        }
    }

    private static func authenticate(
        _ mechanism: SASLMechanism, _ messages: [[UInt8]]
    ) throws(FuzzViolation) {
        let credentials: SASLClient.Credentials =
            mechanism == .external
            ? .certificate(authorization: nil)
            : .password(username: KnownAccount.name, password: KnownAccount.password, allowsPlain: true)
        guard
            var client = SASLClient(
                offered: [mechanism.rawValue], serverBindings: nil, credentials: credentials,
                bindings: [Self.binding], nonce: Self.nonce)
        else { return }
        for message in messages {
            // The first byte of a message says whether it comes as a challenge or as success.
            let isSuccess = message.first == UInt8(ascii: "!")
            let body = isSuccess ? Array(message.dropFirst()) : message
            var directive = isSuccess ? client.receive(success: body) : client.receive(challenge: body)
            if case .hash(let hashing) = directive { directive = client.receive(hashing.perform()) }
            switch directive {
            case .respond, .hash: break
            case .failed: return
            case .authenticated:
                try FuzzViolation.unless(isSuccess, "authenticated before the server's last word")
                return
            }
        }
    }
}
