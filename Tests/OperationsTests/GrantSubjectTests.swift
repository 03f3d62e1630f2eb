import CloudModel
import Testing

@testable import Operations

@Suite("Who a grant is for")
struct GrantSubjectTests {
    @Test(
        "Addresses are prepared, so that a grant matches what a stream proves",
        arguments: [
            ("Alice@Paris.test", Grant.Subject.address("alice@paris.test")),
            ("alice@paris.test/phone", .address("alice@paris.test")),
            ("domain:Tokyo.Test", .domain("tokyo.test")),
            ("role:admins", .role("admins")),
        ])
    func prepares(text: String, subject: Grant.Subject) {
        #expect(Grant.Subject(text: text) == subject)
    }

    @Test(
        "What is no address, domain or role is refused",
        arguments: ["", "a@", "domain:", "domain:a@b", "role:"])
    func refuses(text: String) {
        #expect(Grant.Subject(text: text) == nil)
    }
}
