//! JSON values written as YAML 1.2, as people know objects from `kubectl get -o yaml`.

use serde_json::Value;

/// The lines of a document.
#[must_use]
pub(crate) fn lines(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => object(fields, 0, String::new(), &mut out),
        Value::Array(items) if !items.is_empty() => array(items, 0, &mut out),
        other => out.push(scalar(other)),
    }
    out
}

/// `first` stands in front of the first line instead of its indent (`- ` of a list).
fn object(fields: &serde_json::Map<String, Value>, indent: usize, first: String, out: &mut Vec<String>) {
    let mut lead = Some(first).filter(|f| !f.is_empty());
    for (name, value) in fields {
        let start = lead.take().unwrap_or_else(|| " ".repeat(indent));
        let name = text(name);
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push(format!("{start}{name}:"));
                object(inner, indent + 2, String::new(), out);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push(format!("{start}{name}:"));
                array(items, indent, out);
            }
            Value::String(prose) if is_block(prose) => {
                let sign = if prose.ends_with('\n') { "|" } else { "|-" };
                out.push(format!("{start}{name}: {sign}"));
                let pad = " ".repeat(indent + 2);
                out.extend(prose.lines().map(|l| if l.is_empty() { String::new() } else { format!("{pad}{l}") }));
            }
            other => out.push(format!("{start}{name}: {}", scalar(other))),
        }
    }
}

fn array(items: &[Value], indent: usize, out: &mut Vec<String>) {
    let pad = " ".repeat(indent);
    for item in items {
        match item {
            Value::Object(fields) if !fields.is_empty() => object(fields, indent + 2, format!("{pad}- "), out),
            Value::Array(inner) if !inner.is_empty() => {
                out.push(format!("{pad}-"));
                array(inner, indent + 2, out);
            }
            other => out.push(format!("{pad}- {}", scalar(other))),
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(prose) => text(prose),
        other => other.to_string(),
    }
}

/// Bare where no reader could take it for something else, else quoted as JSON (which YAML 1.2 reads).
fn text(raw: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | '@' | '+' | ':' | ' ' | '=');
    let word = matches!(
        raw.to_ascii_lowercase().as_str(),
        "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    let start = raw.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_'));
    let bare = start
        && !word
        && raw.chars().all(safe)
        && !raw.contains(": ")
        && !raw.ends_with([':', ' '])
        && raw.parse::<f64>().is_err();
    if bare { raw.to_owned() } else { Value::from(raw).to_string() }
}

/// Prose of several lines that can stand as a block: nothing in it would be lost.
fn is_block(prose: &str) -> bool {
    let inner = prose.strip_suffix('\n').unwrap_or(prose);
    inner.contains('\n')
        && !inner.ends_with('\n')
        && !inner.starts_with([' ', '\n'])
        && !prose.chars().any(|c| c.is_control() && c != '\n')
        && !inner.lines().any(|line| line.ends_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_look_as_people_know_them() {
        let value = serde_json::json!({
            "kind": "Pod", "metadata": { "labels": {}, "name": "a", "note": "x: y" }, "replicas": 3, "empty": [],
            "list": [{ "image": "r/x:1.2", "name": "c", "args": ["-v", "8080", "true"] }], "script": "a\nb\n", "version": "1",
        });
        let want = "empty: []\nkind: Pod\nlist:\n- args:\n  - \"-v\"\n  - \"8080\"\n  - \"true\"\n  image: r/x:1.2\n  name: c\n\
                    metadata:\n  labels: {}\n  name: a\n  note: \"x: y\"\nreplicas: 3\nscript: |\n  a\n  b\nversion: \"1\"";
        assert_eq!(lines(&value).join("\n"), want);
    }
}
