//! One value in the forms that AWS answers in: JSON as it is, XML of the query protocol, CBOR of Smithy RPC v2.

use serde_json::Value;

/// How a request was written, and how its answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Xml,
    Cbor,
}

impl Form {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/x-amz-json-1.1",
            Self::Xml => "text/xml",
            Self::Cbor => "application/cbor\r\nsmithy-protocol: rpc-v2-cbor",
        }
    }

    /// An answer to `operation`.
    pub(crate) fn answer(self, operation: &str, value: &Value) -> Vec<u8> {
        match self {
            Self::Json => value.to_string().into_bytes(),
            Self::Cbor => cbor(value),
            Self::Xml => {
                let inner = xml(value);
                format!("<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>")
                    .into_bytes()
            }
        }
    }

    /// A refusal with its code.
    pub(crate) fn refusal(self, code: &str, message: &str) -> Vec<u8> {
        match self {
            Self::Xml => {
                let code = code.trim_end_matches("Exception");
                format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>")
                    .into_bytes()
            }
            form => {
                let value = serde_json::json!({"__type": format!("com.amazonaws.test#{code}"), "message": message});
                form.answer("", &value)
            }
        }
    }
}

/// Lists are `<Names><member>…`, of databases `<DBInstances><DBInstance>…`.
fn xml(value: &Value) -> String {
    let Value::Object(fields) = value else {
        return value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    };
    let field = |(name, value): (&String, &Value)| match value {
        Value::Array(items) => {
            let member = if name.starts_with("DB") { name.trim_end_matches('s') } else { "member" };
            let items: Vec<String> = items.iter().map(|item| format!("<{member}>{}</{member}>", xml(item))).collect();
            format!("<{name}>{}</{name}>", items.concat())
        }
        other => format!("<{name}>{}</{name}>", xml(other)),
    };
    fields.iter().map(field).collect()
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, "", &mut out);
    out
}

fn head(major: u8, count: usize, out: &mut Vec<u8>) {
    let count = u32::try_from(count).unwrap();
    // Counts are always written with four bytes.
    out.push(major * 32 + 26);
    out.extend(count.to_be_bytes());
}

/// Moments and measurements are told by the names of their fields.
fn write(value: &Value, name: &str, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(yes) => out.push(0xf4 + u8::from(*yes)),
        Value::Number(number) => {
            let moment = name.contains("Timestamp");
            if moment {
                out.push(0xc1);
            }
            if let Some(whole) = number.as_u64().filter(|_| !moment && !matches!(name, "Threshold" | "Values")) {
                head(0, usize::try_from(whole).unwrap(), out);
            } else {
                out.push(0xfb);
                out.extend(number.as_f64().unwrap().to_be_bytes());
            }
        }
        Value::String(text) => {
            head(3, text.len(), out);
            out.extend(text.as_bytes());
        }
        Value::Array(items) => {
            head(4, items.len(), out);
            for item in items {
                write(item, name, out);
            }
        }
        Value::Object(fields) => {
            head(5, fields.len(), out);
            for (key, value) in fields {
                write(&Value::from(key.as_str()), "", out);
                write(value, key, out);
            }
        }
    }
}
