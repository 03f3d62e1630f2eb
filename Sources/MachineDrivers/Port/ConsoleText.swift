import XML

/// What a terminal would show, read from what a machine wrote to its console.
enum ConsoleText {
    private enum State {
        case text
        case escape
        /// `ESC` and an intermediate byte: one more ends it, as in `ESC ( B`.
        case designation
        /// `ESC [`: parameters, then a final byte from `@` to `~` (ECMA-48 §5.4).
        case control
        /// `ESC ]`, `ESC P`, `ESC X`, `ESC ^`, `ESC _`: to `BEL` or `ESC \` (ECMA-48 §5.6).
        case string
        case stringEscape
    }

    /// `text` without escape sequences, with `\n` at each line's end, and with `PrintableText.replacement` for every
    /// other control character.
    static func shown(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        var state = State.text
        var afterReturn = false
        for scalar in text.unicodeScalars {
            guard state == .text, !Self.begins(scalar) else {
                state = Self.next(state, scalar)
                continue
            }
            switch scalar {
            case "\r":
                if !afterReturn { shown.append("\n") }
                afterReturn = true
                continue
            case "\n":
                if !afterReturn { shown.append("\n") }
            case "\t":
                shown.append("\t")
            case _:
                let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                shown.append(
                    isControl || !PrintableText.allows(scalar) ? PrintableText.replacement : scalar)
            }
            afterReturn = false
        }
        return String(shown)
    }

    /// Whether an escape sequence begins with it: `ESC`, or `CSI` in one character.
    private static func begins(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\u{1B}" || scalar == "\u{9B}"
    }

    private static func next(_ state: State, _ scalar: Unicode.Scalar) -> State {
        switch (state, scalar.value) {
        case (.text, 0x9B): .control
        case (.text, _): .escape
        case (.stringEscape, 0x5C): .text
        // Noise that looks like the beginning of one must not hide all that follows.
        case (.string, 0x07), (.string, 0x0A), (.stringEscape, 0x0A): .text
        case (.string, 0x1B), (.stringEscape, 0x1B): .stringEscape
        case (.string, _), (.stringEscape, _): .string
        // A new sequence breaks one that has not ended.
        case (_, 0x1B): .escape
        case (.escape, 0x5B): .control
        case (.escape, 0x5D), (.escape, 0x50), (.escape, 0x58), (.escape, 0x5E), (.escape, 0x5F): .string
        case (.escape, 0x20...0x2F): .designation
        case (.designation, 0x20...0x2F): .designation
        case (.control, 0x20...0x3F): .control
        case (.escape, _), (.designation, _), (.control, _): .text
        }
    }
}
