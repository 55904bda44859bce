//! One answer of Redis, reduced to what is asked of it: a count, bytes, a list, or a refusal in its own words.

use redis::Value;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    Nil,
    Count(i64),
    Bytes(Vec<u8>),
    List(Vec<Reply>),
    Refused(Refusal),
}

/// Why one command got no answer although others do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// `NOPERM`, `MOVED`, `WRONGTYPE`, `ERR`, …
    pub(super) code: String,
    pub(super) words: String,
}

impl Refusal {
    /// As Redis said it.
    pub(super) fn said(&self) -> String {
        format!("{} {}", self.code, self.words).trim_end().to_owned()
    }
}

impl From<Value> for Reply {
    fn from(value: Value) -> Self {
        match value {
            Value::Nil => Self::Nil,
            Value::Int(n) => Self::Count(n),
            Value::Boolean(yes) => Self::Count(yes.into()),
            Value::BulkString(bytes) => Self::Bytes(bytes),
            Value::SimpleString(text) => Self::Bytes(text.into_bytes()),
            Value::VerbatimString { text, .. } => Self::Bytes(text.into_bytes()),
            Value::Okay => Self::Bytes(b"OK".to_vec()),
            Value::Double(n) => Self::Bytes(n.to_string().into_bytes()),
            Value::Array(items) | Value::Set(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Map(pairs) => {
                Self::List(pairs.into_iter().flat_map(|(k, v)| [Self::from(k), Self::from(v)]).collect())
            }
            Value::ServerError(error) => Self::Refused(Refusal {
                code: error.code().to_owned(),
                words: error.details().unwrap_or_default().to_owned(),
            }),
            _ => Self::Nil,
        }
    }
}

impl Reply {
    /// A count that is none below zero.
    pub(super) fn count(&self) -> Option<u64> {
        match self {
            Self::Count(n) => u64::try_from(*n).ok(),
            _ => None,
        }
    }

    /// Yes or no.
    pub(super) fn yes(&self) -> Option<bool> {
        self.count().map(|n| n > 0)
    }

    /// What it says, if it says anything.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A number written in digits; nothing, or what is no number, is `None`.
    pub(super) fn number<N: std::str::FromStr>(&self) -> Option<N> {
        std::str::from_utf8(self.bytes()?).ok()?.trim().parse().ok()
    }

    /// The byte strings of a list.
    pub(super) fn strings(&self) -> Vec<Vec<u8>> {
        match self {
            Self::List(items) => items.iter().filter_map(|item| item.bytes().map(<[u8]>::to_vec)).collect(),
            Self::Bytes(bytes) => vec![bytes.clone()],
            _ => Vec::new(),
        }
    }

    /// The refusal, where it is one.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}
