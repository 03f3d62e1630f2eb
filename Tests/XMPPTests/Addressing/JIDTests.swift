import Testing
import XMPP

@Suite("Addresses")
struct JIDTests {
    @Test(
        "RFC 7622 §3: An address is split and prepared",
        arguments: [
            ("paris.test", nil, "paris.test", nil),
            ("alice@paris.test", "alice", "paris.test", nil),
            ("Alice@PARIS.test./Desk", "alice", "paris.test", "Desk"),
            ("paris.test/a@b/c", nil, "paris.test", "a@b/c"),
            ("a@b@c.test", nil, nil, nil),
            ("a@paris.test/ ", "a", "paris.test", " "),
            ("192.0.2.1", nil, "192.0.2.1", nil),
            ("web@[2001:DB8::1]/x", "web", "[2001:db8::1]", "x"),
            ("STRASSE@Köln.example", "strasse", "köln.example", nil),
            ("straße@xn--kln-sna.example", "straße", "köln.example", nil),
            ("ΣΑΣ@paris.test", "σασ", "paris.test", nil),
            ("ＡＢＣ@paris.test", "abc", "paris.test", nil),
            ("cafe\u{301}@paris.test", "café", "paris.test", nil),
            ("İ@paris.test", "i\u{307}", "paris.test", nil),
            ("a@paris.test/x\u{A0}y", "a", "paris.test", "x y"),
            ("a@paris.test/☃ Ⅷ", "a", "paris.test", "☃ Ⅷ"),
            ("שלום@paris.test", "שלום", "paris.test", nil),
            ("a\u{660}@paris.test", nil, nil, nil),
            ("日本@paris.test", "日本", "paris.test", nil),
        ] as [(String, String?, String?, String?)])
    func preparation(text: String, local: String?, domain: String?, resource: String?) throws {
        guard let domain else {
            #expect(throws: JIDError.self) { try JID(text) }
            return
        }
        let jid = try JID(text)
        #expect(jid == JID(preparedLocal: local, domain: domain, resource: resource))
        #expect(jid.local.map { Array($0.utf8) } == local.map { Array($0.utf8) })
        #expect(try JID(jid.description) == jid, "preparation is stable")
    }

    @Test(
        "RFC 7622 §3: What is no address is refused, and the error names the part",
        arguments: [
            ("", .empty(.domain)), ("@paris.test", .empty(.local)), ("paris.test/", .empty(.resource)),
            ("alice@", .empty(.domain)), ("/x", .empty(.domain)), (".", .empty(.domain)),
            ("a..b", .empty(.domain)), ("-a.test", .forbidden(.domain)), ("a-.test", .forbidden(.domain)),
            ("a b.test", .forbidden(.domain)), ("a_b.test", .forbidden(.domain)),
            ("a\u{0}.test", .forbidden(.domain)), ("ü\u{0}.test", .forbidden(.domain)),
            ("[::1", .forbidden(.domain)), ("[1:2:3]", .forbidden(.domain)),
            ("[1::2::3]", .forbidden(.domain)),
            ("[::1%eth0]", .forbidden(.domain)), ("[::256.1.1.1]", .forbidden(.domain)),
            ("xn--a-ecp.test\u{2028}", .forbidden(.domain)),
            ("xn--zzzzzzzzzz99999.test", .forbidden(.domain)),
            ("a b@paris.test", .forbidden(.local)), ("a'b@paris.test", .forbidden(.local)),
            ("a\"b@paris.test", .forbidden(.local)), ("a&b@paris.test", .forbidden(.local)),
            ("a:b@paris.test", .forbidden(.local)), ("<a>@paris.test", .forbidden(.local)),
            ("a\u{7F}@paris.test", .forbidden(.local)), ("a\n@paris.test", .forbidden(.local)),
            ("é\u{FF20}@paris.test", .forbidden(.local)), ("é\u{FF1A}@paris.test", .forbidden(.local)),
            ("Ⅷ@paris.test", .forbidden(.local)), ("☃@paris.test", .forbidden(.local)),
            ("a\u{200D}b@paris.test", .forbidden(.local)), ("a\u{AD}é@paris.test", .forbidden(.local)),
            ("aש@paris.test", .forbidden(.local)), ("ש\u{660}1@paris.test", .forbidden(.local)),
            ("ش\u{660}\u{6F0}@paris.test", .forbidden(.local)), ("\u{378}@paris.test", .forbidden(.local)),
            ("a@paris.test/x\ty", .forbidden(.resource)), ("a@paris.test/é\u{7F}", .forbidden(.resource)),
            ("a@paris.test/\u{1F468}\u{200D}\u{1F469}", .forbidden(.resource)),
        ] as [(String, JIDError)])
    func refusal(text: String, error: JIDError) {
        #expect(throws: error) { try JID(text) }
    }

    @Test("RFC 7622 §3: Each part has its limit in bytes", arguments: ["x", "é"])
    func limits(character: String) throws {
        let size = character.utf8.count
        let longest = String(repeating: character, count: JID.longestPart / size)
        #expect(throws: Never.self) { try JID(longest + "@paris.test/" + longest) }
        #expect(throws: JIDError.tooLong(.local)) { try JID(longest + character + "@paris.test") }
        #expect(throws: JIDError.tooLong(.resource)) { try JID("paris.test/" + longest + character) }
    }

    @Test("A part by itself is not looked at when it is absurdly long")
    func absurdParts() {
        let absurd = String(repeating: "é", count: JID.longestText)[...]
        #expect(throws: JIDError.tooLong(.local)) { try Localpart.prepare(absurd) }
        #expect(throws: JIDError.tooLong(.domain)) { try Domainpart.prepare(absurd) }
        #expect(throws: JIDError.tooLong(.resource)) { try Resourcepart.prepare(absurd) }
    }

    @Test("RFC 7622 §3.2: Domains have the limits of DNS")
    func domainLimits() throws {
        let label = String(repeating: "a", count: Domainpart.longestLabel)
        let name = [label, label, label, String(label.dropLast(2))].joined(separator: ".")
        #expect(name.utf8.count == Domainpart.longestName)
        #expect(throws: Never.self) { try JID(name) }
        #expect(throws: JIDError.tooLong(.domain)) { try JID(name + "a") }
        #expect(throws: JIDError.tooLong(.domain)) { try JID(label + "a.test") }
        #expect(throws: JIDError.textTooLong) { try JID(String(repeating: "a", count: JID.longestText + 1)) }
    }

    @Test("RFC 7622 §3.2, §3.3: Spellings of one address are one address")
    func equality() throws {
        let spellings = ["josé@münchen.test", "JOSE\u{301}@MÜNCHEN.test", "José@xn--mnchen-3ya.test."]
        #expect(Set(try spellings.map { try JID($0) }).count == 1)
        #expect(try JID("josé@münchen.test").asciiDomain() == "xn--mnchen-3ya.test")
        #expect(try JID("a@paris.test/One") != JID("a@paris.test/one"))
    }

    @Test(
        "RFC 7622 §3.2: IPv6 literals are domains",
        arguments: [
            "[::]", "[::1]", "[1::]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:192.0.2.1]", "[::ffff:192.0.2.1]",
            "[1:2:3::6:7:8]",
        ])
    func literals(text: String) throws {
        #expect(try JID(text).domain == text)
    }

    @Test("Any bytes make an address or an error", arguments: 0 as UInt64..<200)
    func random(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        let pool: [Unicode.Scalar] = [
            "a", "Z", "@", "/", ".", "-", "é", "ß", "İ", "Σ", "\u{301}", "\u{200D}", "ש", "\u{661}", "Ａ",
            "\u{1100}", "\u{1161}",
            "Ω", "ﬁ", "xn--a".unicodeScalars.first ?? "x", "\u{0}", "[", "]", ":", "\u{345}", "ͅ", "\u{3099}",
            "カ", "ｶ", "ﾞ",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<12 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text.append(pool[Int(state >> 33) % pool.count])
        }
        guard let jid = try? JID(String(text)) else { return }
        #expect((try? JID(jid.description)) == jid, "stable: \(text)")
    }

    @Test(
        "XEP-0106 §3: Names that no local part may have are escaped, and come back",
        arguments: [
            ("space cadet", "space\\20cadet"), ("call me \"ishmael\"", "call\\20me\\20\\22ishmael\\22"),
            ("at&t guy", "at\\26t\\20guy"), ("d'artagnan", "d\\27artagnan"), ("/.fanboy", "\\2f.fanboy"),
            ("::foo::", "\\3a\\3afoo\\3a\\3a"), ("<foo>", "\\3cfoo\\3e"), ("user@host", "user\\40host"),
            ("c:\\net", "c\\3a\\net"), ("c:\\5commas", "c\\3a\\5c5commas"),
            ("c:\\cool stuff", "c\\3a\\cool\\20stuff"),
            ("\\20", "\\5c20"),
        ])
    func escaping(name: String, local: String) throws {
        #expect(JID.escapedLocal(name) == local)
        #expect(JID.unescapedLocal(local) == name)
        #expect(throws: Never.self) { try JID(local + "@paris.test") }
    }

    @Test("XEP-0106 §4.3: Names without an escaped form have none", arguments: ["", " a", "a "])
    func unescapable(name: String) {
        #expect(JID.escapedLocal(name) == nil)
    }
}
