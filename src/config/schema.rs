//! The JSON schema of the config file, for editors; it follows from the types that read the file.

use super::file::File;

/// The schema, as `config/schema.json` holds it.
#[must_use]
pub fn text() -> String {
    let mut schema = schemars::schema_for!(File);
    schema.insert("title".to_owned(), "Quarterdeck config.toml".into());
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
