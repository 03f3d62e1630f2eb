import CloudModel
package import XMPP

/// A result as a data form: a table as reported columns and items, a record as fields (XEP-0004 §3.4).
package enum ResultForm {
    /// The form; nil if the layout has neither table nor record.
    package static func form(of result: OperationResult, for operation: Operation) -> DataForm? {
        let renderer = TextRenderer()
        var form = DataForm(.result, title: "\(operation.phrase) at \(result.site)")
        for section in operation.layout {
            switch section {
            case .record(let fields):
                for field in fields {
                    guard let value = result.value.value(at: field.path), !value.isNull else { continue }
                    form.fields.append(
                        DataForm.Field(
                            field.path, .textSingle, label: field.title,
                            values: [renderer.cell(value, field.form)]))
                }
            case .table(let path, let columns, _):
                guard let rows = result.value.value(at: path)?.array, !rows.isEmpty else { continue }
                form.reported = columns.map { DataForm.Field($0.path, .textSingle, label: $0.title) }
                form.items = rows.map { row in
                    columns.map { column in
                        let text = row.value(at: column.path).map { renderer.cell($0, column.form) } ?? ""
                        return DataForm.Field(column.path, values: [text])
                    }
                }
            case .text, .findings, .automatic:
                continue
            }
        }
        return form.fields.isEmpty && form.reported == nil ? nil : form
    }
}
