import Cryptography
import Testing

@Suite("Ed25519")
struct SigningTests {
    /// RFC 8032 §7.1, tests 1 to 3: seed, public key, message, signature.
    static let vectors = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ]

    private func bytes(_ text: String) throws -> [UInt8] {
        try #require(Hexadecimal.decode(text))
    }

    @Test("The examples of RFC 8032 §7.1", arguments: Self.vectors)
    func examples(vector: [String]) throws {
        let key = try SigningKey(rawRepresentation: try self.bytes(vector[0]))
        let message = try self.bytes(vector[2])
        #expect(Hexadecimal.encode(key.verificationKey.rawRepresentation) == vector[1])
        #expect(Hexadecimal.encode(key.signature(for: message)) == vector[3])
        #expect(key.verificationKey.isValid(try self.bytes(vector[3]), for: message))
    }

    @Test("One changed bit, in the signature or the message, is noticed", arguments: 0..<64)
    func tampering(index: Int) throws {
        let key = try SigningKey(rawRepresentation: [UInt8](repeating: 7, count: 32))
        let message = [UInt8](repeating: 1, count: 64)
        var signature = key.signature(for: message)
        #expect(key.verificationKey.isValid(signature, for: message))
        var changed = message
        changed[index] ^= 1
        #expect(!key.verificationKey.isValid(signature, for: changed))
        signature[index] ^= 1
        #expect(!key.verificationKey.isValid(signature, for: message))
    }

    @Test("Keys and signatures of the wrong length are refused", arguments: [0, 31, 33, 63, 65])
    func lengths(length: Int) throws {
        let bytes = [UInt8](repeating: 1, count: length)
        #expect(throws: CryptographyError.self) { try SigningKey(rawRepresentation: bytes) }
        #expect(throws: CryptographyError.self) { try VerificationKey(rawRepresentation: bytes) }
        let key = try SigningKey(rawRepresentation: [UInt8](repeating: 7, count: 32))
        #expect(!key.verificationKey.isValid(bytes, for: []))
    }

    @Test("Bytes that are no point of the curve verify nothing")
    func badPoint() throws {
        let key = try VerificationKey(rawRepresentation: [UInt8](repeating: 0xFF, count: 32))
        #expect(!key.isValid([UInt8](repeating: 0, count: 64), for: []))
    }

    @Test("The seed is in no description")
    func description() throws {
        let key = try SigningKey(rawRepresentation: [UInt8](repeating: 0x5A, count: 32))
        #expect("\(key)" == "SigningKey(for: \(key.verificationKey))")
        #expect(!"\(key)".contains("5a5a5a5a"))
    }
}
