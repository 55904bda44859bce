//! The labels that a Prometheus adds to what it tells others (`global.external_labels`): its own list of alerts lacks them,
//! the Alertmanager's has them, and both are one alarm.

use crate::sources::alerts::Pairs;

/// Reads them from the configuration as the server prints it: block style, two blanks for each level.
pub(super) fn labels(yaml: &str) -> Pairs {
    let global = yaml.lines().skip_while(|line| line.trim_end() != "global:").skip(1);
    let global = global.take_while(|line| line.starts_with(' ') || line.trim().is_empty());
    let external = global.skip_while(|line| line.trim_end() != "  external_labels:").skip(1);
    external.take_while(|line| line.starts_with("    ")).filter_map(entry).collect()
}

fn entry(line: &str) -> Option<(String, String)> {
    let (key, value) = line.trim().split_once(':')?;
    let value = value.trim();
    let value = match value.chars().next() {
        Some('"') => serde_json::from_str(value).ok()?,
        Some('\'') => value.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'"),
        _ => value.to_owned(),
    };
    // `${NAME}` stands for what only the server knows.
    (!value.contains("${")).then(|| (key.trim_matches(['"', '\'']).to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_labels_are_read_whatever_quotes_they_stand_in() {
        let yaml = "global:\n  scrape_interval: 2s\n  external_labels:\n    cluster: eu-1\n    \"on\": \"y\\\"es\"\n    team: 'it''s'\n    \
                    host: ${HOST}\n  evaluation_interval: 1s\nalerting:\n  external_labels:\n    no: no\n";
        let read: Vec<(String, String)> = labels(yaml).into_iter().collect();
        let wanted = [("cluster", "eu-1"), ("on", "y\"es"), ("team", "it's")];
        assert_eq!(read, wanted.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn without_them_there_are_none() {
        for yaml in
            ["", "global:\n  scrape_interval: 2s\n", "external_labels:\n    a: b\n", "global:\n\nscrape_configs: []\n"]
        {
            assert_eq!(labels(yaml), Pairs::new(), "{yaml}");
        }
    }
}
