import CLibXML2

/// The libxml2 context of a parser, as its callbacks look at it.
@safe struct ParserContext {
    let pointer: xmlParserCtxtPtr

    /// The offset of the byte libxml2 looks at.
    var position: Int {
        guard let input = unsafe self.pointer.pointee.input else { return 0 }
        return unsafe Int(input.pointee.consumed) + (input.pointee.cur - input.pointee.base)
    }

    /// Whether libxml2 looks at the `>` or `/>` of a start tag.
    ///
    /// It reports a tag that a control character breaks off, and only then misses the end.
    var isAtTagEnd: Bool {
        guard let input = unsafe self.pointer.pointee.input, let next = unsafe input.pointee.cur else {
            return false
        }
        // A zero byte follows the last one there is.
        return unsafe next[0] == UInt8(ascii: ">")
            || (next[0] == UInt8(ascii: "/") && next[1] == UInt8(ascii: ">"))
    }

    /// The offset behind `characters`: libxml2 reports some runs of text before it steps over them.
    func position(after characters: UnsafeBufferPointer<UInt8>) -> Int {
        let isAhead = unsafe self.pointer.pointee.input?.pointee.cur == characters.baseAddress
        return self.position + (isAhead ? characters.count : 0)
    }

    /// Names, prefixes and namespaces that libxml2 has interned.
    var nameCount: Int {
        unsafe Int(xmlDictSize(self.pointer.pointee.dict))
    }

    /// Bytes of memory set aside for the text of those names.
    var nameBytes: Int {
        unsafe Int(xmlDictGetUsage(self.pointer.pointee.dict))
    }

    /// libxml2's number for what made it stop; nil while it goes on.
    var fatalCode: Int? {
        unsafe self.pointer.pointee.disableSAX == 0 ? nil : Int(self.pointer.pointee.errNo)
    }

    /// Whether the XML declaration, if there is one, leaves the encoding at UTF-8.
    var isUTF8: Bool {
        let declared = unsafe [
            self.pointer.pointee.encoding, self.pointer.pointee.input?.pointee.encoding,
        ]
        return unsafe declared.allSatisfy { name in
            guard let name = unsafe name else { return true }
            return unsafe String(cString: name).uppercased() == "UTF-8"
        }
    }

    /// Tells libxml2 to make no more callbacks.
    func stop() {
        unsafe xmlStopParser(self.pointer)
    }
}
