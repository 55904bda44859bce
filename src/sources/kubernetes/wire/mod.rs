//! Bytes as they arrive, split into objects without holding a whole answer: protobuf lists, protobuf watch frames, JSON
//! watch lines.

pub(crate) mod field;
pub(crate) mod frames;
pub(crate) mod list;

/// First bytes of every protobuf answer of an API server, before an `Unknown` message.
pub(crate) const MAGIC: &[u8; 4] = b"k8s\0";
/// Largest single object that is read: etcd refuses more than 1.5 MiB by default, a tenfold is no honest object.
pub(crate) const OBJECT_LIMIT: usize = 16 * 1024 * 1024;

/// The answer is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Garbled {
    #[error("the answer does not begin as Kubernetes protobuf does")]
    NoMagic,
    #[error("the answer is no valid protobuf")]
    Field,
    #[error("an object in the answer is larger than 16 MiB")]
    TooLarge,
    #[error("the answer ends in the middle")]
    Cut,
    #[error("an object in the answer cannot be read")]
    Object,
}

/// The two encodings that are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Protobuf,
    Json,
}

impl Format {
    /// By the media type of an answer.
    #[must_use]
    pub(crate) fn of_content_type(value: &str) -> Option<Self> {
        let kind = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/vnd.kubernetes.protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }
}
