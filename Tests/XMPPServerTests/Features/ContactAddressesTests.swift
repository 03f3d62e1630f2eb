import Testing
import XMPP

@testable import XMPPServer

@Suite struct ContactAddressesTests {
    @Test(
        "XEP-0157 §3, XEP-0128 §2: Whom to turn to is in the form that discovery adds to the domain's description"
    )
    func form() throws {
        let contacts = ContactAddresses([
            .abuse: ["mailto:abuse@paris.test", "xmpp:alice@paris.test"],
            .administration: ["xmpp:alice@paris.test"],
            .sales: [],
        ])
        let bench = DomainBench(contacts: contacts)
        let form = try #require(bench.domain.info.forms.first)
        #expect(form.formType == "http://jabber.org/network/serverinfo")
        #expect(form.fields.compactMap(\.name) == ["FORM_TYPE", "abuse-addresses", "admin-addresses"])
        #expect(form.field("abuse-addresses")?.values.count == 2)
    }

    @Test("Without any there is no form")
    func none() {
        #expect(DomainBench().domain.info.forms.isEmpty)
        #expect(DomainBench(contacts: ContactAddresses([.support: []])).domain.info.forms.isEmpty)
    }
}
