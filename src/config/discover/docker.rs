//! The Docker engine of this machine: `DOCKER_HOST`, the docker context in use, the usual sockets.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Found;
use crate::config::sources::is_loopback;
use crate::config::{Attempt, Machine, Problem};
use crate::model::{Connection, SourceName, SourceSpec};

/// Finds at most one engine to connect; further docker contexts are listed.
pub(super) fn discover(machine: &Machine, found: &mut Found) {
    if let Some(host) = machine.variable("DOCKER_HOST") {
        let spec = spec(host, tls_of(machine), "DOCKER_HOST", true);
        found.tried.push(Attempt::hit("DOCKER_HOST", host));
        warn_open_port(host, &spec, found);
        found.sources.push(spec);
        return;
    }
    let store = machine.folder("DOCKER_CONFIG").or_else(|| machine.in_home(".docker"));
    let chosen = store.as_deref().and_then(|store| chosen_context(machine, store));
    if let (Some(store), Some((name, said_by))) = (&store, chosen) {
        match endpoint(store, &name) {
            Ok((host, tls)) => {
                found.tried.push(Attempt::hit(format!("docker context {name} ({said_by})"), host.clone()));
                let spec = spec(&host, tls, &format!("docker context {name}"), true);
                warn_open_port(&host, &spec, found);
                found.sources.push(spec);
                return;
            }
            Err(why) => found.tried.push(Attempt::miss(format!("docker context {name} ({said_by})"), why)),
        }
    }
    sockets(machine, found);
}

/// `DOCKER_CERT_PATH`, or docker's own folder, where TLS is asked for.
fn tls_of(machine: &Machine) -> Option<PathBuf> {
    if machine.variable("DOCKER_TLS_VERIFY").is_none() && machine.variable("DOCKER_TLS").is_none() {
        return None;
    }
    machine
        .folder("DOCKER_CERT_PATH")
        .or_else(|| machine.folder("DOCKER_CONFIG"))
        .or_else(|| machine.in_home(".docker"))
}

/// The context in use, when it is not the default one, and who says so.
fn chosen_context(machine: &Machine, store: &Path) -> Option<(String, &'static str)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Config {
        current_context: Option<String>,
    }
    let named = machine.variable("DOCKER_CONTEXT").map(|name| (name.to_owned(), "DOCKER_CONTEXT"));
    let current = || {
        let text = fs::read_to_string(store.join("config.json")).ok()?;
        let config: Config = serde_json::from_str(&text).ok()?;
        Some((config.current_context?, "config.json"))
    };
    named.or_else(current).filter(|(name, _)| name != "default" && !name.is_empty())
}

/// Host and TLS folder of a context: docker keeps both under the digest of its name.
fn endpoint(store: &Path, name: &str) -> Result<(String, Option<PathBuf>), String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Meta {
        endpoints: Endpoints,
    }
    #[derive(Deserialize)]
    struct Endpoints {
        docker: Option<Endpoint>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Endpoint {
        host: Option<String>,
    }
    let digest = Sha256::digest(name.as_bytes()).iter().fold(String::new(), |hex, b| hex + &format!("{b:02x}"));
    let path = store.join("contexts/meta").join(&digest).join("meta.json");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let meta: Meta = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let host = meta.endpoints.docker.and_then(|endpoint| endpoint.host).filter(|host| !host.is_empty());
    let tls = store.join("contexts/tls").join(digest).join("docker");
    host.map(|host| (host, tls.is_dir().then_some(tls))).ok_or_else(|| "it names no host".to_owned())
}

/// The usual places of a socket: root's, rootless, and what stands in for an engine on a desk.
fn sockets(machine: &Machine, found: &mut Found) {
    let runtime = machine.folder("XDG_RUNTIME_DIR");
    let places = [
        Some(PathBuf::from("/var/run/docker.sock")),
        runtime.as_ref().map(|run| run.join("docker.sock")),
        machine.in_home(".docker/run/docker.sock"),
        machine.in_home(".docker/desktop/docker.sock"),
        machine.in_home(".colima/default/docker.sock"),
        machine.in_home(".orbstack/run/docker.sock"),
        machine.in_home(".rd/docker.sock"),
        runtime.map(|run| run.join("podman/podman.sock")),
        Some(PathBuf::from("/run/podman/podman.sock")),
    ];
    for path in places.into_iter().flatten() {
        let place = path.display().to_string();
        match usable(&path) {
            Ok(None) => {}
            Ok(Some(remark)) => {
                found.tried.push(Attempt::hit(place, remark));
                found.sources.push(spec(&format!("unix://{}", path.display()), None, "usual socket", true));
                return;
            }
            Err(why) => {
                found.tried.push(Attempt::miss(place, why));
                continue;
            }
        }
        found.tried.push(Attempt::miss(place, "no such file"));
    }
}

/// Whether a socket found by guessing may be spoken to: it must be a socket of root or of ours, since whoever made it
/// sees all that we ask (SAFETY attack 50). `None`: nothing is there.
fn usable(path: &Path) -> Result<Option<&'static str>, String> {
    let Ok(link) = fs::symlink_metadata(path) else { return Ok(None) };
    let found = fs::metadata(path).map_err(|error| format!("a symbolic link to nowhere: {error}"))?;
    if !found.file_type().is_socket() {
        return Err("not a socket".to_owned());
    }
    let me = rustix::process::geteuid().as_raw();
    for owner in [link.uid(), found.uid()] {
        if owner != 0 && owner != me {
            return Err(format!("ignored: it belongs to user {owner}, neither root nor you"));
        }
    }
    Ok(Some(if link.file_type().is_symlink() { "a link to a socket of root or yours" } else { "a socket" }))
}

fn warn_open_port(host: &str, spec: &SourceSpec, found: &mut Found) {
    let Connection::Docker { tls: None, .. } = &spec.connection else { return };
    let Some(rest) = host.strip_prefix("tcp://").or_else(|| host.strip_prefix("http://")) else { return };
    if !is_loopback(rest.split('/').next().unwrap_or(rest)) {
        let message = format!("{host} has no TLS: whoever can reach this port is root on that host");
        found.warnings.push(Problem::whole(
            &spec.found_by,
            message,
            "use ssh://, or DOCKER_TLS_VERIFY with certificates",
        ));
    }
}

fn spec(host: &str, tls: Option<PathBuf>, found_by: &str, connect: bool) -> SourceSpec {
    let name = match host.split_once("://") {
        Some(("unix" | "npipe", _)) => "docker:local".to_owned(),
        Some((_, rest)) => {
            let host = rest.split('/').next().unwrap_or(rest);
            if is_loopback(host) {
                "docker:local".to_owned()
            } else {
                format!("docker:{}", host.rsplit('@').next().unwrap_or(host))
            }
        }
        None => format!("docker:{host}"),
    };
    SourceSpec {
        name: SourceName::new(&name),
        connection: Connection::Docker { url: host.to_owned(), tls, ca_file: None },
        connect,
        found_by: found_by.to_owned(),
        timeout_seconds: None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn machine(home: &Path, variables: &[(&str, &str)]) -> Machine {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Machine { variables, home: Some(home.to_owned()) }
    }

    fn url(found: &Found) -> Option<String> {
        match &found.sources.first()?.connection {
            Connection::Docker { url, .. } => Some(url.clone()),
            _ => None,
        }
    }

    #[test]
    fn docker_host_decides_alone_and_brings_its_tls() {
        let home = tempfile::tempdir().unwrap();
        let vars = [("DOCKER_HOST", "tcp://vm1:2376"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/certs")];
        let mut found = Found::default();
        discover(&machine(home.path(), &vars), &mut found);
        let Connection::Docker { tls, .. } = &found.sources[0].connection else { panic!() };
        assert_eq!((found.sources[0].name.0.shown(), tls.as_deref()), ("docker:vm1:2376", Some(Path::new("/certs"))));
        assert!(found.warnings.is_empty());
    }

    #[test]
    fn attack_50_a_plain_port_is_warned_of() {
        let home = tempfile::tempdir().unwrap();
        for (host, warnings) in [("tcp://vm1:2375", 1), ("tcp://127.0.0.1:2375", 0), ("tcp://[::1]:2375", 0)] {
            let mut found = Found::default();
            discover(&machine(home.path(), &[("DOCKER_HOST", host)]), &mut found);
            assert_eq!(found.warnings.len(), warnings, "{host}");
        }
    }

    #[test]
    fn the_context_in_use_is_read_from_dockers_own_files() {
        let home = tempfile::tempdir().unwrap();
        let docker = home.path().join(".docker");
        let digest = Sha256::digest(b"vm").iter().fold(String::new(), |hex, b| hex + &format!("{b:02x}"));
        let meta = docker.join("contexts/meta").join(digest);
        fs::create_dir_all(&meta).unwrap();
        fs::write(docker.join("config.json"), r#"{"currentContext":"vm"}"#).unwrap();
        fs::write(meta.join("meta.json"), r#"{"Name":"vm","Endpoints":{"docker":{"Host":"ssh://ann@vm"}}}"#).unwrap();
        let mut found = Found::default();
        discover(&machine(home.path(), &[]), &mut found);
        assert_eq!(url(&found).as_deref(), Some("ssh://ann@vm"));
    }

    #[test]
    fn attack_50_a_rootless_socket_is_found_and_a_file_in_its_place_is_not_taken_for_one() {
        let home = tempfile::tempdir().unwrap();
        let run = home.path().join("run");
        fs::create_dir(&run).unwrap();
        fs::create_dir_all(home.path().join(".docker/run")).unwrap();
        fs::write(run.join("docker.sock"), "").unwrap();
        let _socket = UnixListener::bind(home.path().join(".docker/run/docker.sock")).unwrap();
        let mut found = Found::default();
        let run = run.display().to_string();
        discover(&machine(home.path(), &[("XDG_RUNTIME_DIR", &run)]), &mut found);
        if !Path::new("/var/run/docker.sock").exists() {
            assert!(url(&found).is_some_and(|url| url.ends_with("/.docker/run/docker.sock")), "{found:?}");
            assert!(found.tried.iter().any(|a| a.outcome == "not a socket"));
        }
    }
}
