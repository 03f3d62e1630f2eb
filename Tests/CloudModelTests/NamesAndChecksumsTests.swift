import CloudModel
import Testing

@Suite("Names of machines and checksums of images")
struct NamesAndChecksumsTests {
    @Test(
        "A name is 1 to 63 characters of a–z, 0–9 and inner -",
        arguments: [
            ("a", true), ("web-1", true), ("0", true), (String(repeating: "a", count: 63), true),
            (String(repeating: "a", count: 64), false), ("", false), ("-a", false), ("a-", false),
            ("A", false), ("a_b", false), ("ä", false), ("a b", false), ("a\n", false),
        ])
    func names(text: String, isName: Bool) {
        #expect(MachineSpecification.isName(text) == isName)
    }

    @Test("A shorter limit holds to the character", arguments: [(48, true), (49, false)])
    func shorterNames(count: Int, isName: Bool) {
        #expect(
            MachineSpecification.isName(String(repeating: "a", count: count), atMost: 48) == isName)
    }

    @Test(
        "A checksum is 64 digits of lower-case hexadecimal",
        arguments: [
            (String(repeating: "0f", count: 32), true), (String(repeating: "0F", count: 32), false),
            (String(repeating: "0", count: 63), false), (String(repeating: "0", count: 65), false),
            (String(repeating: "g", count: 64), false), ("", false),
        ])
    func checksums(text: String, isChecksum: Bool) {
        #expect(ImageReference.isChecksum(text) == isChecksum)
    }

    @Test("Only a path on the site goes without a checksum")
    func needsChecksum() {
        #expect(!ImageReference.needsChecksum("/images/a"))
        #expect(ImageReference.needsChecksum("https://images.test/a"))
        #expect(ImageReference.needsChecksum("images/a"))
    }
}
