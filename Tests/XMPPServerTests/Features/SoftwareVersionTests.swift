import Testing
import XMPP
import XMPPTransport

@testable import XMPPServer

@Suite struct SoftwareVersionTests {
    @Test("XEP-0092: The version is told and announced, unless it is to be hidden", arguments: [true, false])
    func version(isShown: Bool) throws {
        var configuration = XMPPServer.Configuration(
            domain: "paris.test", certificate: CertificateFiles(chain: "chain.pem", key: "key.pem"))
        configuration.showsVersion = isShown
        var bench = DomainBench(features: configuration.features)
        #expect(bench.domain.info.features.contains(Namespace.version) == isShown)
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        let question = IQ(to: DomainBench.domainAddress, id: "v", body: .get(SoftwareVersion().element))
        bench.send(.iq(question), from: alice)
        switch bench.take(alice).first?.iqValue?.body {
        case .result(.some(let element)):
            #expect(try SoftwareVersion(parsing: element).name == "Tradewind" && isShown)
        case nil:
            // Left to the service, which knows no such question.
            #expect(bench.served.map(\.iqValue?.id) == ["v"] && !isShown)
        case let other:
            Issue.record("no answer but \(String(describing: other))")
        }
    }
}
