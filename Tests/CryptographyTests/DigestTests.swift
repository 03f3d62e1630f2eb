import Cryptography
import Testing

@Suite("Digests and what is built on them")
struct DigestTests {
    @Test(
        "The examples of FIPS 180",
        arguments: [
            (HashFunction.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                .sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
        ])
    func digests(function: HashFunction, expected: String) {
        #expect(Hexadecimal.encode(function.digest(of: Array("abc".utf8))) == expected)
    }

    @Test("Nothing has a digest too")
    func empty() {
        #expect(
            Hexadecimal.encode(HashFunction.sha256.digest(of: []))
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("A running hash of pieces is the digest of the whole", arguments: HashFunction.allCases)
    func running(function: HashFunction) {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hash = RunningHash(function)
        for start in stride(from: 0, to: bytes.count, by: 77) {
            hash.update(Array(bytes[start..<min(start + 77, bytes.count)]))
        }
        hash.update([])
        #expect(hash.finish() == function.digest(of: bytes))
    }

    @Test(
        "HMAC: RFC 4231 cases 1, 2 and 6",
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131),
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func hmac(key: [UInt8], text: String, expected: String) {
        let code = HashFunction.sha256.authenticationCode(for: Array(text.utf8), key: key)
        #expect(Hexadecimal.encode(code) == expected)
    }

    @Test("HMAC under an empty key is not the HMAC under the key before")
    func hmacEmptyKey() {
        _ = HashFunction.sha256.authenticationCode(for: [1], key: [1, 2, 3])
        #expect(
            Hexadecimal.encode(HashFunction.sha256.authenticationCode(for: [], key: []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test(
        "PBKDF2: RFC 6070 (SHA-1) and RFC 7914 §11 (SHA-256)",
        arguments: [
            (HashFunction.sha1, "password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
            (.sha1, "password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1"),
            (
                .sha1, "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096,
                "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"
            ),
            (.sha1, "pass\0word", "sa\0lt", 4096, "56fa6aa75548099dcc37d7f03425e0c3"),
            (
                .sha256, "passwd", "salt", 1,
                "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                    + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
            ),
        ])
    func pbkdf2(
        function: HashFunction, password: String, salt: String, iterations: Int, expected: String
    ) throws {
        let key = try function.derivedKey(
            password: Array(password.utf8), salt: Array(salt.utf8), iterations: iterations,
            length: expected.utf8.count / 2)
        #expect(Hexadecimal.encode(key) == expected)
    }

    @Test("An iteration count out of range is refused", arguments: [Int.min, -1, 0, 10_000_001, Int.max])
    func iterations(count: Int) {
        #expect(throws: CryptographyError.iterationsOutOfRange(count)) {
            try HashFunction.sha256.derivedKey(password: [1], salt: [2], iterations: count, length: 32)
        }
    }
}
