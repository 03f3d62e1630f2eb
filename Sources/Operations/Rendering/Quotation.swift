extension StringProtocol {
    /// The text in quotation marks, as an error repeats it: not more of what somebody sent than it takes to know it
    /// again.
    package var quoted: String {
        self.utf8.count <= Quotation.limit ? "“\(self)”" : "“\(Quotation.beginning(of: self))…”"
    }
}

private enum Quotation {
    /// The most bytes of a text that are repeated.
    static let limit = 80

    /// Whole characters only; one alone can be longer than the limit.
    static func beginning(of text: some StringProtocol) -> String {
        var beginning = ""
        for character in text.prefix(Self.limit) {
            guard beginning.utf8.count + character.utf8.count <= Self.limit else { break }
            beginning.append(character)
        }
        return beginning
    }
}
