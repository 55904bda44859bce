//! The parser's complaints said in our words, with what would be right.

/// A complaint of the TOML reader as message and help.
#[must_use]
pub fn reworded(complaint: &str) -> (String, String) {
    let complaint = complaint.lines().next().unwrap_or_default().trim();
    let named: Vec<&str> = complaint.split('`').skip(1).step_by(2).collect();
    if let Some((wrong, known)) = named.split_first() {
        if complaint.starts_with("unknown field") {
            return (format!("unknown key `{wrong}`"), choose(wrong, known, "known here"));
        }
        if complaint.starts_with("unknown variant") {
            return (format!("`{wrong}` is not possible here"), choose(wrong, known, "possible"));
        }
        if complaint.starts_with("missing field") {
            return (format!("`{wrong}` is missing"), format!("add `{wrong} = …`"));
        }
        if complaint.starts_with("duplicate") {
            return (complaint.to_owned(), "keep one of them".to_owned());
        }
    }
    (complaint.to_owned(), expected(complaint).to_owned())
}

/// A help line: the nearest of the known words if one is near, and all of them.
#[must_use]
pub fn choose(wrong: &str, known: &[&str], heading: &str) -> String {
    let all = format!("{heading}: {}", known.join(", "));
    match nearest(wrong, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}

/// The known word that somebody probably meant.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong: String = wrong.to_lowercase().chars().take(64).collect();
    let close = (wrong.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|word| (distance(&wrong, &word.to_lowercase()), word))
        .filter(|(steps, word)| *steps <= close || (wrong.len() > 3 && word.starts_with(&wrong)))
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, word)| word)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().take(128).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

fn expected(complaint: &str) -> &'static str {
    for (words, help) in [
        ("expected a string", "write it in quotes: \"…\""),
        ("expected a sequence", "write a list: [\"…\", \"…\"], or [[…]] for a list of tables"),
        ("expected a boolean", "write true or false"),
        ("expected u", "write a whole number without quotes"),
        ("expected a borrowed string", "write it in quotes: \"…\""),
        ("expected struct", "write a table: { key = value }"),
        ("length of time", "lengths of time are written as `30s`, `5m`, `2h` or `1d`"),
        ("expected {", "secrets come from the environment, a file, or a program"),
        ("expected a count", "as in `1`, or `\"50%\"`"),
        ("a map", "write a table: { key = value }"),
    ] {
        if complaint.contains(words) {
            return help;
        }
    }
    "TOML is written as `key = value` under `[table]` or `[[list]]`; strings stand in quotes"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_recognised() {
        let known = ["name", "docker", "kubernetes", "namespaces"];
        for (wrong, right) in
            [("nmae", "name"), ("dokcer", "docker"), ("Kubernets", "kubernetes"), ("kube", "kubernetes")]
        {
            assert_eq!(nearest(wrong, known), Some(right));
        }
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(nearest("", known), None);
    }
}
