/// What goes over a stream between two sites on an ordinary day, cut as reads from a socket cut it.
struct Traffic {
    static let header = Array(
        """
        <?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' \
        from='paris.test' to='tokyo.test' version='1.0' id='8f14e45fceea167a'>
        """.utf8)

    private static let repetitions = 200

    let chunks: [[UInt8]]
    let stanzaCount: Int
    let bytesPerStanza: Double

    init(chunkBytes: Int) {
        let stanzas = (0..<Self.repetitions).flatMap(Self.exchange)
        let bytes = Array(stanzas.joined().utf8)
        self.stanzaCount = stanzas.count
        self.bytesPerStanza = Double(bytes.count) / Double(stanzas.count)
        self.chunks = stride(from: 0, to: bytes.count, by: chunkBytes).map { start in
            Array(bytes[start..<min(start + chunkBytes, bytes.count)])
        }
    }

    /// A chat line with its receipt, a ping with its answer, a command with its result, a presence.
    private static func exchange(number: Int) -> [String] {
        let (alice, site) = ("alice@paris.test/desktop-\(number % 7)", "tokyo.test")
        return [
            """
            <message from='\(alice)' to='\(site)' type='chat' id='m-\(number)'><body>machine start web-\(number) \
            &amp; tell me when it answers</body><request xmlns='urn:xmpp:receipts'/></message>
            """,
            """
            <message from='\(site)' to='\(alice)' id='r-\(number)'><received xmlns='urn:xmpp:receipts' \
            id='m-\(number)'/></message>
            """,
            "<iq from='paris.test' to='\(site)' id='p-\(number)' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
            "<iq from='\(site)' to='paris.test' id='p-\(number)' type='result'/>",
            """
            <iq from='paris.test' to='\(site)' id='c-\(number)' type='set'><invoke \
            xmlns='urn:tradewind:operation:1' operation='machine.start' behalf='alice@paris.test' \
            key='7d793037a0760186574b0282f2f435e7-\(number)'><argument name='machine'><string>web-\(number)\
            </string></argument><argument name='wait'><boolean>true</boolean></argument></invoke></iq>
            """,
            """
            <iq from='\(site)' to='paris.test' id='c-\(number)' type='result'><outcome \
            xmlns='urn:tradewind:operation:1' site='\(site)'><message>web-\(number) is starting on host-3\
            </message><value><record><field name='state'><string>starting</string></field><field \
            name='memory'><integer>2048</integer></field></record></value></outcome></iq>
            """,
            """
            <presence from='\(alice)' to='\(site)'><show>away</show><c \
            xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://client.example' \
            ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>
            """,
        ]
    }
}
