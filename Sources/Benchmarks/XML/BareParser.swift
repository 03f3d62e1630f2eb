import CLibXML2

/// libxml2 in push mode with callbacks that only count: as fast as parsing with it can be.
@safe final class BareParser {
    private let callbacks: UnsafeMutablePointer<Int>
    private let context: xmlParserCtxtPtr?

    init(header: [UInt8]) {
        unsafe self.callbacks = UnsafeMutablePointer.allocate(capacity: 1)
        unsafe self.callbacks.initialize(to: 0)
        var handler = unsafe xmlSAXHandler()
        unsafe handler.initialized = UInt32(XML_SAX2_MAGIC)
        unsafe handler.startElementNs = { user, _, _, _, _, _, _, _, _ in unsafe BareParser.count(user) }
        unsafe handler.endElementNs = { user, _, _, _ in unsafe BareParser.count(user) }
        unsafe handler.characters = { user, _, _ in unsafe BareParser.count(user) }
        unsafe self.context = xmlCreatePushParserCtxt(&handler, self.callbacks, nil, 0, nil)
        unsafe xmlCtxtUseOptions(self.context, Int32(XML_PARSE_NONET.rawValue | XML_PARSE_NOENT.rawValue))
        self.feed(header)
    }

    deinit {
        unsafe xmlFreeParserCtxt(self.context)
        unsafe self.callbacks.deallocate()
    }

    func feed(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { bytes in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            _ = unsafe xmlParseChunk(self.context, start, Int32(bytes.count), 0)
        }
    }

    private static func count(_ user: UnsafeMutableRawPointer?) {
        unsafe user?.assumingMemoryBound(to: Int.self).pointee += 1
    }
}
