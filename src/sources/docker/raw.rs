//! The engine's own description of a container, or of all containers of a Service, line by line, secrets masked.

use serde_json::Value;

use super::connect::Client;
use super::events::percent;
use super::wire::Listed;
use crate::model::{Kind, Text, WorkloadKind, redact};
use crate::sources::port::{Failure, FailureKind, RawAsk, RawDocument};

/// Most containers of one Service that are described.
const AT_MOST: usize = 50;

/// Reads the description.
///
/// # Errors
/// Where there is no such thing any more, or it cannot be read.
pub(super) async fn read(client: &Client, ask: &RawAsk) -> Result<RawDocument, Failure> {
    let mut value = match ask.key.kind {
        Kind::Instance => one(client, &ask.key.uid).await?,
        Kind::Workload => several(client, ask).await?,
        _ => return Err(Failure::new(FailureKind::Unsupported, "Docker has no description of that")),
    };
    mask_environment(&mut value);
    Ok(RawDocument::json(value))
}

async fn one(client: &Client, id: &str) -> Result<Value, Failure> {
    client.get(&format!("/containers/{id}/json")).await
}

async fn several(client: &Client, ask: &RawAsk) -> Result<Value, Failure> {
    let filters = if ask.kind == Some(WorkloadKind::Container) {
        serde_json::json!({ "name": [format!("^/{}$", ask.name.raw())] })
    } else {
        let label = |name: &str, value: &Text| format!("com.docker.compose.{name}={}", value.raw());
        serde_json::json!({ "label": [label("project", &ask.scope), label("service", &ask.name)] })
    };
    let path = format!("/containers/json?all=true&filters={}", percent(&filters.to_string()));
    let listed: Vec<Listed> = client.get(&path).await?;
    if listed.is_empty() {
        return Err(Failure::new(FailureKind::Absent, "it has no containers"));
    }
    let mut all = Vec::new();
    for row in listed.iter().take(AT_MOST) {
        all.push(one(client, &row.id).await?);
    }
    Ok(if all.len() == 1 { all.remove(0) } else { Value::Array(all) })
}

/// `Env` holds `NAME=value` as whole strings: the value of a secret name goes, whatever stands in it.
fn mask_environment(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask_environment),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Array(items) if name == "Env" => items.iter_mut().for_each(mask_setting),
                    other => mask_environment(other),
                }
            }
        }
        _ => {}
    }
}

fn mask_setting(item: &mut Value) {
    if let Value::String(setting) = item
        && let Some((name, _)) = setting.split_once('=')
        && redact::is_secret_name(name)
    {
        *setting = format!("{name}={}", redact::MASK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m_values_of_secret_names_in_the_environment_go_whole() {
        let mut value = serde_json::json!({ "Config": { "Env": ["DB_PASSWORD=a b, c", "LANG=C"] } });
        mask_environment(&mut value);
        assert_eq!(value["Config"]["Env"], serde_json::json!([format!("DB_PASSWORD={}", redact::MASK), "LANG=C"]));
    }
}
