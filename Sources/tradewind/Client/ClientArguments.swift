import CloudModel
import Operations

/// What the words after `tradewind` ask for.
struct ClientArguments {
    var isJSON = false
    var isConfirmed = false
    var wantsHelp = false
    var server: String?
    var tokenFile: String?
    var configuration: String?
    /// The operation and its parameters, in the form that chat takes too.
    var tokens: [ChatTokenizer.Token] = []

    /// Reads `--name value`, `--name=value`, `--flag`, `--no-flag`, `name=value` and bare words.
    init(_ words: [String]) throws(OperationError) {
        var rest = words[...]
        var isPlain = false
        while let word = rest.popFirst() {
            if isPlain || !word.hasPrefix("-") || word == "-" {
                self.tokens.append(Self.token(word))
                continue
            }
            if word == "--" {
                isPlain = true
                continue
            }
            let (name, inline) = Self.split(word)
            switch name {
            case "--json": self.isJSON = true
            case "--yes", "-y": self.isConfirmed = true
            case "--help", "-h": self.wantsHelp = true
            case "--server": self.server = try Self.value(name, inline, &rest)
            case "--token-file": self.tokenFile = try Self.value(name, inline, &rest)
            case "--config": self.configuration = try Self.value(name, inline, &rest)
            default: self.tokens.append(try Self.parameter(name, inline, &rest))
            }
        }
    }

    private static func parameter(
        _ name: String, _ inline: String?, _ rest: inout ArraySlice<String>
    ) throws(OperationError) -> ChatTokenizer.Token {
        guard name.hasPrefix("--") else {
            throw OperationError(.badRequest, "there is no option \(name)", next: "see --help")
        }
        let key = String(name.dropFirst(2))
        if let inline { return ChatTokenizer.Token(key: key, inline) }
        if key.hasPrefix("no-") { return ChatTokenizer.Token(key: String(key.dropFirst(3)), "no") }
        guard let next = rest.first, !next.hasPrefix("--") else {
            return ChatTokenizer.Token(key: key, "yes")
        }
        rest.removeFirst()
        return ChatTokenizer.Token(key: key, next)
    }

    private static func value(
        _ name: String, _ inline: String?, _ rest: inout ArraySlice<String>
    ) throws(OperationError) -> String {
        if let inline { return inline }
        guard let next = rest.popFirst() else {
            throw OperationError(.badRequest, "\(name) needs a value", next: "see --help")
        }
        return next
    }

    private static func split(_ word: String) -> (name: String, inline: String?) {
        guard let sign = word.firstIndex(of: "=") else { return (word, nil) }
        return (String(word[..<sign]), String(word[word.index(after: sign)...]))
    }

    /// A shell has taken the quotes away already, so the value is everything after the sign.
    private static func token(_ word: String) -> ChatTokenizer.Token {
        guard let sign = word.firstIndex(of: "=") else { return ChatTokenizer.Token(word) }
        let key = word[..<sign]
        let isKey =
            !key.isEmpty
            && key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard isKey else { return ChatTokenizer.Token(word) }
        return ChatTokenizer.Token(key: key.lowercased(), String(word[word.index(after: sign)...]))
    }
}
