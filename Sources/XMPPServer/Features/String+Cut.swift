extension String {
    /// As many of the first characters as fit into so many bytes of UTF-8.
    func cut(toBytes limit: Int) -> String {
        guard self.utf8.count > limit else { return self }
        var bytes = 0
        return String(
            self.prefix { character in
                bytes += character.utf8.count
                return bytes <= limit
            })
    }
}
