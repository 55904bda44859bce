//! A container's making as the body of a request for another one like it: where Compose and the project's files are out
//! of reach, and only there. What the old image had given it goes, so that a new image gives its own.

use serde_json::{Map, Value, json};

use super::row::Row;

/// What is other in the new one.
#[derive(Clone, Debug)]
pub(super) struct New<'a> {
    pub(super) number: u32,
    /// Another image: how it is written, and its id. `None`: the same.
    pub(super) image: Option<(&'a str, &'a str)>,
    /// The Run, and how many Instances it brings the service to.
    pub(super) run: &'a str,
    pub(super) instances: u32,
    /// It takes the old one's place: nameless volumes go with it.
    pub(super) instead: bool,
}

/// The labels by which a Run finds its own containers again.
pub(super) const RUN: &str = "quarterdeck.run";
pub(super) const INSTANCES: &str = "quarterdeck.instances";

/// The body of `/containers/create`, and the networks that it is to join besides its first, each with how.
pub(super) fn body(old: &Value, old_image: &Value, new: &New<'_>) -> (Value, Vec<(String, Value)>) {
    let mut config = old.get("Config").and_then(Value::as_object).cloned().unwrap_or_default();
    let id = old.get("Id").and_then(Value::as_str).unwrap_or_default();
    let short = id.get(..12).unwrap_or(id).to_owned();
    if config.get("Hostname").and_then(Value::as_str) == Some(&short) {
        config.remove("Hostname");
    }
    config.remove("MacAddress");
    if let Some((reference, _)) = new.image {
        let given = old_image.get("Config").and_then(Value::as_object).cloned().unwrap_or_default();
        without_image(&mut config, &given);
        config.insert("Image".to_owned(), json!(reference));
    }
    let labels = config.entry("Labels").or_insert_with(|| json!({}));
    if let Some(labels) = labels.as_object_mut() {
        labels.insert("com.docker.compose.container-number".to_owned(), json!(new.number.to_string()));
        labels.insert(RUN.to_owned(), json!(new.run));
        labels.insert(INSTANCES.to_owned(), json!(new.instances.to_string()));
        if let Some((_, id)) = new.image {
            labels.insert("com.docker.compose.image".to_owned(), json!(id));
        }
    }
    let mut host = old.get("HostConfig").and_then(Value::as_object).cloned().unwrap_or_default();
    host.remove("ContainerIDFile");
    if new.instead {
        keep_volumes(&mut host, old);
    }
    let first = host.get("NetworkMode").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (mut firsts, mut others) = (Map::new(), Vec::new());
    let joined = old.pointer("/NetworkSettings/Networks").and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, endpoint) in joined {
        let endpoint = endpoint_of(&endpoint, &short, new.instead);
        if name == first {
            firsts.insert(name, endpoint);
        } else if !matches!(first.as_str(), "host" | "none") && !first.starts_with("container:") {
            others.push((name, endpoint));
        }
    }
    config.insert("HostConfig".to_owned(), Value::Object(host));
    config.insert("NetworkingConfig".to_owned(), json!({ "EndpointsConfig": firsts }));
    (Value::Object(config), others)
}

/// Takes away what the image had given and nobody else.
fn without_image(config: &mut Map<String, Value>, given: &Map<String, Value>) {
    for name in ["Cmd", "Entrypoint", "WorkingDir", "User", "Healthcheck", "StopSignal", "Shell", "OnBuild"] {
        if config.get(name).is_some() && config.get(name) == given.get(name) {
            config.remove(name);
        }
    }
    if let (Some(Value::Array(own)), Some(Value::Array(its))) = (config.get_mut("Env"), given.get("Env")) {
        own.retain(|setting| !its.contains(setting));
    }
    for name in ["Labels", "ExposedPorts", "Volumes"] {
        if let (Some(Value::Object(own)), Some(Value::Object(its))) = (config.get_mut(name), given.get(name)) {
            own.retain(|key, value| its.get(key) != Some(value));
        }
    }
}

/// A place in a network: its names there, and an address only where it takes the old one's place.
fn endpoint_of(endpoint: &Value, short: &str, instead: bool) -> Value {
    let aliases = endpoint.get("Aliases").and_then(Value::as_array).cloned().unwrap_or_default();
    let aliases: Vec<Value> = aliases.into_iter().filter(|alias| alias.as_str() != Some(short)).collect();
    let asked = endpoint.get("IPAMConfig").filter(|_| instead).cloned().unwrap_or(Value::Null);
    json!({ "Aliases": aliases, "IPAMConfig": asked, "Links": endpoint.get("Links"), "DriverOpts": endpoint.get("DriverOpts") })
}

/// Volumes without a name are named by their digits, so that the next container gets what the last one kept.
fn keep_volumes(host: &mut Map<String, Value>, old: &Value) {
    let mounts = old.get("Mounts").and_then(Value::as_array).cloned().unwrap_or_default();
    let word = |mount: &Value, name: &str| mount.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let nameless = mounts.iter().filter(|m| word(m, "Type") == "volume" && word(m, "Name").len() == 64);
    let more: Vec<Value> = nameless.map(|m| json!(format!("{}:{}", word(m, "Name"), word(m, "Destination")))).collect();
    let mut binds = host.get("Binds").and_then(Value::as_array).cloned().unwrap_or_default();
    binds.extend(more.into_iter().filter(|bind| !binds.contains(bind)).collect::<Vec<_>>());
    if !binds.is_empty() {
        host.insert("Binds".to_owned(), Value::Array(binds));
    }
}

/// The name of a container of that number beside these.
pub(super) fn name(rows: &[Row], scope: &str, service: &str, number: u32) -> String {
    let underscores = rows.iter().any(|row| row.container.name.raw().starts_with(&format!("{scope}_{service}_")));
    let dash = if underscores { '_' } else { '-' };
    format!("{scope}{dash}{service}{dash}{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old() -> Value {
        json!({
            "Id": "0123456789abcdef",
            "Config": {
                "Hostname": "0123456789ab", "Image": "shop/web:1", "Cmd": ["serve"], "Entrypoint": ["/own"], "User": "",
                "Env": ["VERSION=1", "DB=db"], "ExposedPorts": { "80/tcp": {} }, "MacAddress": "02:42",
                "Labels": { "com.docker.compose.container-number": "1", "com.docker.compose.config-hash": "h", "of": "image" }
            },
            "HostConfig": { "NetworkMode": "p_default", "Binds": ["p_data:/data:rw"], "RestartPolicy": { "Name": "always" } },
            "Mounts": [{ "Type": "volume", "Name": "a".repeat(64), "Destination": "/cache" }],
            "NetworkSettings": { "Networks": {
                "p_default": { "Aliases": ["web", "0123456789ab"], "IPAddress": "10.0.0.2", "IPAMConfig": { "IPv4Address": "10.0.0.2" } },
                "p_back": { "Aliases": ["web"], "MacAddress": "02:42" }
            } }
        })
    }

    fn image() -> Value {
        json!({ "Config": { "Cmd": ["serve"], "Env": ["VERSION=1"], "ExposedPorts": { "80/tcp": {} }, "Labels": { "of": "image" } } })
    }

    fn new() -> New<'static> {
        New { number: 2, image: None, run: "r1", instances: 2, instead: false }
    }

    #[test]
    fn a_copy_has_the_next_number_the_same_networks_and_nothing_that_only_one_can_have() {
        let (body, others) = body(&old(), &image(), &new());
        assert_eq!(body["Labels"]["com.docker.compose.container-number"], "2");
        assert_eq!(body["Labels"]["com.docker.compose.config-hash"], "h", "Compose knows it as one of its own");
        assert_eq!(body["Labels"][RUN], "r1");
        assert!(body.get("Hostname").is_none() && body.get("MacAddress").is_none());
        assert_eq!(body["Env"], json!(["VERSION=1", "DB=db"]));
        let first = &body["NetworkingConfig"]["EndpointsConfig"]["p_default"];
        assert_eq!((&first["Aliases"], &first["IPAMConfig"]), (&json!(["web"]), &Value::Null));
        assert_eq!(others.len(), 1);
        assert_eq!((others[0].0.as_str(), &others[0].1["Aliases"]), ("p_back", &json!(["web"])));
        assert_eq!(body["HostConfig"]["Binds"], json!(["p_data:/data:rw"]));
    }

    #[test]
    fn another_image_gives_its_own_settings_and_what_was_declared_stays() {
        let (body, _) = body(&old(), &image(), &New { image: Some(("shop/web@sha256:bb", "sha256:id")), ..new() });
        assert_eq!((&body["Image"], &body["Env"]), (&json!("shop/web@sha256:bb"), &json!(["DB=db"])));
        assert!(body.get("Cmd").is_none());
        assert_eq!(body["Entrypoint"], json!(["/own"]));
        assert_eq!(body["Labels"]["com.docker.compose.image"], "sha256:id");
        assert!(body["Labels"].get("of").is_none());
    }

    #[test]
    fn what_takes_the_old_ones_place_takes_its_address_and_its_nameless_volumes() {
        let (body, _) = body(&old(), &image(), &New { instead: true, ..new() });
        let volume = format!("{}:/cache", "a".repeat(64));
        assert_eq!(body["HostConfig"]["Binds"], json!(["p_data:/data:rw", volume]));
        assert_eq!(body["NetworkingConfig"]["EndpointsConfig"]["p_default"]["IPAMConfig"]["IPv4Address"], "10.0.0.2");
    }
}
