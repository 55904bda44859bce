//! The profiles of the AWS configuration that name a region: listed and one key away, since asking AWS costs a little; the one
//! that `AWS_PROFILE` chooses is connected.

use std::fs;
use std::path::PathBuf;

use super::Found;
use crate::config::{Attempt, Machine};
use crate::model::{Connection, SourceName, SourceSpec};

/// Largest file that is read: a profile has a few lines.
const LARGEST: u64 = 4 << 20;

/// A profile, as far as listing needs it.
#[derive(Debug, PartialEq, Eq)]
struct Profile {
    name: String,
    region: Option<String>,
}

/// Finds every profile with a region of its own; for the chosen one a region in the environment does as well.
pub(super) fn discover(machine: &Machine, found: &mut Found) {
    let Some(path) = file(machine, found) else { return };
    let place = path.display().to_string();
    let profiles = match read(&path) {
        Err(why) => return found.tried.push(Attempt::miss(place, why)),
        Ok(text) => profiles(&text),
    };
    let chosen = machine.variable("AWS_PROFILE");
    let around = machine.variable("AWS_REGION").or(machine.variable("AWS_DEFAULT_REGION"));
    let mut count = 0;
    for profile in &profiles {
        let is_chosen = chosen == Some(profile.name.as_str());
        let region = around.filter(|_| is_chosen).map(str::to_owned).or(profile.region.clone());
        let Some(region) = region else { continue };
        count += 1;
        found.sources.push(SourceSpec {
            name: SourceName::new(&format!("aws:{}", profile.name)),
            connection: Connection::Aws {
                profile: profile.name.clone(),
                region: Some(region),
                clusters: Vec::new(),
                queues: Vec::new(),
                config_file: None,
                ca_file: None,
            },
            connect: is_chosen,
            found_by: if is_chosen { "AWS_PROFILE" } else { "AWS profiles" }.to_owned(),
            timeout_seconds: None,
        });
    }
    found.tried.push(match (count, profiles.len()) {
        (0, 0) => Attempt::miss(place, "no profile in it"),
        (0, _) => Attempt::miss(place, "no profile with a region: `aws configure set region REGION` gives one"),
        (1, _) => Attempt::hit(place, "1 profile with a region"),
        (n, _) => Attempt::hit(place, format!("{n} profiles with a region")),
    });
}

/// `$AWS_CONFIG_FILE`, else `~/.aws/config`; a relative one would depend on the folder one happens to stand in.
fn file(machine: &Machine, found: &mut Found) -> Option<PathBuf> {
    let Some(named) = machine.variable("AWS_CONFIG_FILE") else { return machine.in_home(".aws/config") };
    let path = PathBuf::from(named);
    if path.is_absolute() {
        return Some(path);
    }
    let words = "ignored: a relative path; name it whole";
    found.tried.push(Attempt::miss(format!("AWS_CONFIG_FILE {named}"), words));
    None
}

fn read(path: &PathBuf) -> Result<String, String> {
    let length = fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        _ => error.to_string(),
    })?;
    if length.len() > LARGEST {
        return Err(format!("it has {} bytes: no file of profiles is that large", length.len()));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// The profiles in their order. Of the format (AWS SDKs and Tools Reference, *Shared config and credentials files*) only section
/// headings and `region` matter here; other sections (`sso-session`, `services`) and nested settings are passed over.
fn profiles(text: &str) -> Vec<Profile> {
    let mut profiles: Vec<Profile> = Vec::new();
    let mut inside = false;
    for line in text.lines().filter(|line| !line.starts_with([' ', '\t', '#', ';'])) {
        if let Some(heading) = line.strip_prefix('[') {
            let heading = heading.split(']').next().unwrap_or_default().trim();
            let name = heading.strip_prefix("profile").filter(|rest| rest.starts_with([' ', '\t']));
            let name = name.map(|rest| rest.trim().trim_matches('"')).or((heading == "default").then_some(heading));
            inside = name.is_some_and(|name| !name.is_empty());
            if let Some(name) = name.filter(|name| inside && !profiles.iter().any(|known| known.name == *name)) {
                profiles.push(Profile { name: name.to_owned(), region: None });
            }
        } else if let (true, Some((key, value)), Some(last)) = (inside, line.split_once('='), profiles.last_mut())
            && key.trim().eq_ignore_ascii_case("region")
        {
            let value = value.split(" #").next().unwrap_or_default().trim();
            last.region = Some(value.to_owned()).filter(|value| !value.is_empty());
        }
    }
    profiles
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
[default]
region = eu-central-1
[profile shop-prod]
sso_session = shop
region=eu-west-1 # Ireland
s3 =
  region = us-east-1
[profile \"with blank\"]
role_arn = arn:aws:iam::1:role/x
[sso-session shop]
region = us-east-2
";

    fn found(variables: &[(&str, &str)], text: Option<&str>) -> Found {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".aws")).unwrap();
        if let Some(text) = text {
            fs::write(home.path().join(".aws/config"), text).unwrap();
        }
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut found = Found::default();
        discover(&Machine { variables, home: Some(home.path().to_owned()) }, &mut found);
        found
    }

    fn told(found: &Found) -> Vec<(String, String, bool)> {
        let one = |spec: &SourceSpec| {
            let Connection::Aws { region, .. } = &spec.connection else { panic!() };
            (spec.name.0.raw().to_owned(), region.clone().unwrap(), spec.connect)
        };
        found.sources.iter().map(one).collect()
    }

    #[test]
    fn profiles_with_a_region_are_listed_and_none_is_asked() {
        let found = found(&[], Some(TEXT));
        let of = |name: &str, region: &str| (name.to_owned(), region.to_owned(), false);
        assert_eq!(told(&found), [of("aws:default", "eu-central-1"), of("aws:shop-prod", "eu-west-1")]);
        assert_eq!(found.tried[0].outcome, "2 profiles with a region");
    }

    #[test]
    fn the_chosen_profile_is_connected_and_may_have_its_region_from_the_environment() {
        let found = found(&[("AWS_PROFILE", "with blank"), ("AWS_REGION", "eu-north-1")], Some(TEXT));
        assert_eq!(told(&found)[2], ("aws:with blank".to_owned(), "eu-north-1".to_owned(), true));
    }

    #[test]
    fn where_there_is_none_it_is_said_where_was_looked() {
        assert_eq!(found(&[], None).tried[0].outcome, "no such file");
        assert!(found(&[], Some("[profile a]\n")).tried[0].outcome.contains("no profile with a region"));
        let relative = found(&[("AWS_CONFIG_FILE", "config")], Some(TEXT));
        assert!(relative.sources.is_empty() && relative.tried[0].outcome.contains("relative path"));
    }
}
