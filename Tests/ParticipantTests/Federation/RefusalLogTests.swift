import CloudModel
import Federation
import Logging
import TestSupport
import Testing
import XMPP

@testable import Participant

@Suite("What the log says about those who are no members")
struct RefusalLogTests {
    @Test("A request of an unknown site: one line with its address and the condition, and a flood few")
    func strangers() async throws {
        let recorder = LogRecorder()
        let alliances = Alliances()
        let paris = try alliances.start("paris.test", logger: recorder.logger)
        let tokyo = try alliances.start("tokyo.test")
        try await alliances.run {
            func ask(_ id: String) async {
                await #expect(throws: StanzaError.self) {
                    let request = IQ(
                        to: try paris.site.jid(), id: id, body: .get(RowRequest(origin: paris.site).element))
                    _ = try await tokyo.link.request(request, timeout: .seconds(1))
                }
            }
            await ask("1")
            let lines = recorder.lines.filter { $0.message == "refused a request of the federation" }
            #expect(lines.count == 1)
            #expect(lines.first?.metadata["from"] == "tokyo.test")
            #expect(lines.first?.metadata["condition"] == "registration-required")
            let limit = paris.federation.configuration.refusalLinesPerDomain
            #expect(limit == 10)
            for number in 2...limit + 3 { await ask("\(number)") }
            #expect(recorder.count("refused a request of the federation") == limit)
            try await alliances.advance(.seconds(60))
            await ask("last")
            #expect(recorder.count("refused a request of the federation") == limit + 1)
            #expect(recorder.lines.last?.metadata["unwritten"] == "3")
        }
    }
}
