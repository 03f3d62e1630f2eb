import CloudModel

/// Lays a result out as plain text in a fixed-width font: for chat and the terminal.
package struct TextRenderer: Sendable {
    package init() {}

    /// The message and the sections of `layout`, parted by empty lines.
    package func text(of result: OperationResult, layout: [Section]) -> String {
        var parts: [String] = []
        if let message = result.message { parts.append(message) }
        for section in layout {
            let text = self.text(of: result.value, as: section)
            if !text.isEmpty { parts.append(text) }
        }
        return parts.joined(separator: "\n")
    }

    func text(of value: Value, as section: Section) -> String {
        switch section {
        case .record(let fields):
            return self.record(fields.compactMap { self.line($0, in: value) })
        case .table(let path, let fields, let none):
            guard let rows = value.value(at: path)?.array else { return "" }
            return rows.isEmpty ? none : self.table(rows, fields)
        case .text(let path, _):
            return value.value(at: path)?.string ?? ""
        case .findings:
            return FindingReport(value).map { FindingText().text(of: $0) } ?? self.automatic(value)
        case .automatic:
            return self.automatic(value)
        }
    }

    private func line(_ field: Section.Field, in value: Value) -> (String, String)? {
        guard let inner = value.value(at: field.path), !inner.isNull else { return nil }
        return (field.title, self.cell(inner, field.form))
    }

    private func record(_ lines: [(title: String, text: String)]) -> String {
        let width = lines.map(\.title.count).max() ?? 0
        return lines.map { self.padded($0.title, width) + "  " + $0.text }.joined(separator: "\n")
    }

    private func table(_ rows: [Value], _ fields: [Section.Field]) -> String {
        let cells = rows.map { row in
            fields.map { field in row.value(at: field.path).map { self.cell($0, field.form) } ?? "–" }
        }
        let used = fields.indices.filter { index in cells.contains { $0[index] != "–" } }
        let widths = used.map { index in
            max(fields[index].title.count, cells.map { $0[index].count }.max() ?? 0)
        }
        let isNumeric = used.map { index in
            rows.allSatisfy { row in
                guard let value = row.value(at: fields[index].path) else { return true }
                return value.isNull || (value.number != nil && fields[index].form != .time)
            }
        }
        let lines = [fields.map { $0.title.uppercased() }] + cells
        return lines.map { line in
            let columns = zip(used, zip(widths, isNumeric)).map { index, shape in
                self.padded(line[index], shape.0, toTheRight: shape.1)
            }
            return self.withoutTrailingSpace(columns.joined(separator: "  "))
        }.joined(separator: "\n")
    }

    private func automatic(_ value: Value) -> String {
        switch value {
        case .null: return ""
        case .bool, .integer, .double, .string: return self.cell(value, .plain)
        case .array(let rows):
            guard case .object(let first)? = rows.first else {
                return rows.map { self.cell($0, .plain) }.joined(separator: "\n")
            }
            return self.table(rows, first.members.map { Section.Field($0.name, $0.name) })
        case .object(let object):
            return self.record(object.members.map { ($0.name, self.cell($0.value, .plain)) })
        }
    }

    private func padded(_ text: String, _ width: Int, toTheRight: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return toTheRight ? space + text : text + space
    }

    private func withoutTrailingSpace(_ text: String) -> String {
        String(text.prefix(text.count - text.reversed().prefix { $0 == " " }.count))
    }
}

extension TextRenderer {
    /// One value in one line.
    func cell(_ value: Value, _ form: Section.Form) -> String {
        if let number = value.number {
            switch form {
            case .plain, .sparkline: break
            case .time:
                if let time = value.integer { return Instant(millisecondsSinceEpoch: time).dateText }
            case .size:
                if let size = value.integer { return Mebibytes(size).description }
            case .share: return self.decimal(number * 100, digits: 0) + " %"
            case .decimal: return self.decimal(number, digits: 1)
            }
        }
        if form == .sparkline, let values = value.array, !values.isEmpty { return Sparkline.text(of: values) }
        switch value {
        case .null: return "–"
        case .bool(let flag): return flag ? "yes" : "no"
        case .integer(let number): return String(number)
        case .double(let number): return self.decimal(number, digits: 2)
        case .string(let text): return text.isEmpty ? "–" : self.oneLine(text)
        case .array(let elements):
            return elements.isEmpty ? "–" : elements.map { self.cell($0, .plain) }.joined(separator: ", ")
        case .object(let object):
            return object.members.map { "\($0.name) \(self.cell($0.value, .plain))" }.joined(separator: ", ")
        }
    }

    private func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    private func decimal(_ number: Double, digits: Int) -> String {
        let factor = digits == 0 ? 1.0 : digits == 1 ? 10.0 : 100.0
        let scaled = (number * factor).rounded()
        guard scaled.magnitude < 1e15 else { return String(number) }
        let whole = Int64(scaled.magnitude)
        let sign = scaled < 0 ? "-" : ""
        guard digits > 0 else { return sign + String(whole) }
        let fraction = String(whole % Int64(factor))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return sign + String(whole / Int64(factor)) + "." + zeros + fraction
    }
}
