import CLibXML2

/// The callbacks libxml2 makes; each finds its `TreeBuilder` behind the user data pointer.
enum SAXHandler {
    /// Warnings that say nothing against the document.
    ///
    /// They are about relative or odd namespace names and the values of `xml:lang` and `xml:space`.
    private static let harmlessCodes: Set<Int> = [
        Int(XML_WAR_LANG_VALUE.rawValue), Int(XML_WAR_NS_URI.rawValue), Int(XML_WAR_NS_URI_RELATIVE.rawValue),
        Int(XML_WAR_SPACE_VALUE.rawValue),
    ]

    private static let entityCodes: Set<Int> = [
        Int(XML_ERR_UNDECLARED_ENTITY.rawValue), Int(XML_WAR_UNDECLARED_ENTITY.rawValue),
        Int(XML_ERR_UNPARSED_ENTITY.rawValue), Int(XML_ERR_ENTITY_IS_EXTERNAL.rawValue),
        Int(XML_ERR_ENTITY_IS_PARAMETER.rawValue), Int(XML_ERR_ENTITY_LOOP.rawValue),
    ]

    private static let encodingCodes: Set<Int> = [
        Int(XML_ERR_UNKNOWN_ENCODING.rawValue), Int(XML_ERR_UNSUPPORTED_ENCODING.rawValue),
        Int(XML_ERR_INVALID_ENCODING.rawValue),
    ]

    private static let namespaceCodes: Set<Int> = [
        Int(XML_NS_ERR_XML_NAMESPACE.rawValue), Int(XML_NS_ERR_UNDEFINED_NAMESPACE.rawValue),
        Int(XML_NS_ERR_EMPTY.rawValue),
    ]

    /// A parser context whose callbacks go to `builder`, which must outlive it.
    static func makeContext(for builder: UnsafeMutablePointer<TreeBuilder>) -> ParserContext {
        var handler = unsafe self.handler
        guard let context = unsafe xmlCreatePushParserCtxt(&handler, builder, nil, 0, nil) else {
            preconditionFailure("libxml2 is out of memory")
        }
        // Without NOENT libxml2 leaves `&amp;` in attributes as `&#38;`; it expands nothing else, as document types
        // are refused before an entity can be declared.
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOENT.rawValue
        unsafe xmlCtxtUseOptions(context, Int32(options))
        return unsafe ParserContext(pointer: context)
    }

    private static var handler: xmlSAXHandler {
        var handler = unsafe xmlSAXHandler()
        unsafe handler.initialized = UInt32(XML_SAX2_MAGIC)
        unsafe handler.startElementNs = {
            user, name, prefix, namespace, namespaceCount, namespaces, attributeCount, _, attributes in
            guard let name = unsafe name else { return }
            let tag = unsafe StartTag(
                name: name, prefix: prefix, namespace: namespace, namespaceCount: Int(namespaceCount),
                namespaces: namespaces, attributeCount: Int(attributeCount), attributeFields: attributes)
            unsafe SAXHandler.builder(user)?.pointee.started(tag)
        }
        unsafe handler.endElementNs = { user, _, _, _ in unsafe SAXHandler.builder(user)?.pointee.ended() }
        let characters: charactersSAXFunc = { user, characters, count in
            let run = unsafe UnsafeBufferPointer(start: characters, count: Int(count))
            unsafe SAXHandler.builder(user)?.pointee.characters(run)
        }
        unsafe handler.characters = characters
        unsafe handler.ignorableWhitespace = characters
        unsafe handler.cdataBlock = characters
        unsafe handler.startDocument = { user in unsafe SAXHandler.builder(user)?.pointee.startedDocument() }
        unsafe handler.comment = { user, _ in
            guard let builder = unsafe SAXHandler.builder(user) else { return }
            // Nothing is hidden in a document of our own machine; in a stream a comment is an offence.
            if unsafe builder.pointee.mode == .stream { unsafe builder.pointee.fail(.restricted(.comment)) }
        }
        unsafe handler.processingInstruction = { user, _, _ in
            unsafe SAXHandler.builder(user)?.pointee.fail(.restricted(.processingInstruction))
        }
        unsafe handler.internalSubset = { user, _, _, _ in
            unsafe SAXHandler.builder(user)?.pointee.fail(.restricted(.documentType))
        }
        unsafe handler.reference = { user, _ in
            unsafe SAXHandler.builder(user)?.pointee.fail(.restricted(.entityReference))
        }
        unsafe handler.serror = { user, error in
            guard let builder = unsafe SAXHandler.builder(user), let error = unsafe error else { return }
            guard let failure = SAXHandler.failure(code: unsafe Int(error.pointee.code)),
                unsafe builder.pointee.failure == nil, unsafe builder.pointee.recycleOffset == nil
            else { return }
            // Here libxml2 is in the middle of a token: the parse is ended when it has come back to us.
            unsafe builder.pointee.failure = failure
        }
        return unsafe handler
    }

    private static func builder(_ user: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<TreeBuilder>? {
        unsafe user?.assumingMemoryBound(to: TreeBuilder.self)
    }

    /// What an error or warning of libxml2 means to us; nil if nothing.
    ///
    /// Several fatal things reach us as warnings (undeclared prefixes, XML 1.1), so the level is not looked at.
    private static func failure(code: Int) -> ParseError? {
        if self.harmlessCodes.contains(code) { return nil }
        if self.entityCodes.contains(code) { return .restricted(.entityReference) }
        if self.encodingCodes.contains(code) { return .unsupportedEncoding }
        if self.namespaceCodes.contains(code) { return .badNamespacePrefix }
        if code == Int(XML_ERR_RESERVED_XML_NAME.rawValue) { return .restricted(.xmlDeclaration) }
        return .notWellFormed(code: code)
    }
}
