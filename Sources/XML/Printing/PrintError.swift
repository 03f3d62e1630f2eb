/// Why an element cannot be written as XML; nothing of it was written.
package enum PrintError: Error, Hashable, Sendable, CustomStringConvertible {
    /// XML 1.0 §2.2 has no way to write this character, not even as a reference.
    case forbiddenCharacter(Unicode.Scalar)
    /// An element, attribute or prefix that is no NCName.
    case malformedName(String)
    /// Two attributes of one element have the same qualified name.
    case repeatedAttribute(String)

    package var description: String {
        switch self {
        case .forbiddenCharacter(let scalar):
            "XML cannot carry the character U+\(String(scalar.value, radix: 16, uppercase: true))"
        case .malformedName(let name): "\"\(name)\" cannot be the name of an element or attribute"
        case .repeatedAttribute(let name): "the attribute \"\(name)\" is there twice"
        }
    }
}
