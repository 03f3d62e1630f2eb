import Testing
import XML
import XMPP

@Suite("Elements of stream management")
struct StreamManagementElementTests {
    @Test(
        "Elements come back",
        arguments: [
            StreamManagementElement.enable(isResumable: false, resumptionTime: nil),
            .enable(isResumable: true, resumptionTime: 300),
            .enabled(.init()), .enabled(.init(token: "t", resumptionTime: 5, location: "[::1]:5222")),
            .resume(token: "t", handled: 0), .resumed(token: "t", handled: .max),
            .failed(.itemNotFound, handled: nil), .failed(.unexpectedRequest, handled: 7), .request,
            .answer(handled: 4_294_967_295),
        ])
    func roundTrip(element: StreamManagementElement) throws {
        #expect(try StreamManagementElement(parsing: element.element) == element)
        #expect(StreamManagementElement.matches(element.element))
    }

    @Test(
        "What cannot be read is said",
        arguments: [
            "<a xmlns='urn:xmpp:sm:3'/>", "<a xmlns='urn:xmpp:sm:3' h='-1'/>",
            "<a xmlns='urn:xmpp:sm:3' h='4294967296'/>", "<resume xmlns='urn:xmpp:sm:3' h='1'/>",
            "<resume xmlns='urn:xmpp:sm:3' previd='x'/>", "<enable xmlns='urn:xmpp:sm:3' resume='yes'/>",
            "<enable xmlns='urn:xmpp:sm:3' max='soon'/>", "<q xmlns='urn:xmpp:sm:3'/>",
        ])
    func unreadable(text: String) throws {
        let element = try Element(parsing: text)
        #expect(throws: PayloadError.self) { try StreamManagementElement(parsing: element) }
    }

    @Test(
        "XEP-0198 §3: resume is a boolean, written either way; §5: a stream without a name cannot be resumed")
    func enabled() throws {
        func terms(_ text: String) throws -> StreamManagementElement {
            try StreamManagementElement(parsing: Element(parsing: text))
        }
        #expect(
            try terms("<enabled xmlns='urn:xmpp:sm:3' id='a' resume='1'/>") == .enabled(.init(token: "a")))
        #expect(try terms("<enabled xmlns='urn:xmpp:sm:3' id='a' resume='0'/>") == .enabled(.init()))
        #expect(try terms("<enabled xmlns='urn:xmpp:sm:3' id='a'/>") == .enabled(.init()))
        #expect(try terms("<enabled xmlns='urn:xmpp:sm:3' resume='true'/>") == .enabled(.init()))
        #expect(
            try terms("<enable xmlns='urn:xmpp:sm:3' resume='1'/>")
                == .enable(isResumable: true, resumptionTime: nil))
        let longest = String(repeating: "t", count: StreamManagementElement.longestToken)
        #expect(
            try terms("<enabled xmlns='urn:xmpp:sm:3' id='\(longest)' resume='1'/>")
                == .enabled(.init(token: longest)))
        #expect(
            try terms("<enabled xmlns='urn:xmpp:sm:3' id='\(longest)t' resume='1'/>") == .enabled(.init()))
    }

    @Test("An unknown reason is a failure all the same")
    func unknownFailure() throws {
        let element = try Element(
            parsing: """
                <failed xmlns='urn:xmpp:sm:3'><x xmlns='urn:other'/>
                <brand-new xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>
                """)
        #expect(
            try StreamManagementElement(parsing: element) == .failed(.undefinedCondition, handled: nil))
    }
}
