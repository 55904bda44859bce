//! Source `docker`.

use std::sync::Arc;

use super::port::{Failure, Watch};
use crate::model::SourceSpec;

/// Makes the Source of a spec; it connects on first use.
///
/// # Errors
/// Where the spec is of another kind.
pub fn open(spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
    Err(super::registry::mismatched(spec))
}
