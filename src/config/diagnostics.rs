//! What is wrong with a config file, said so that it can be put right: file, line, column, the line with a caret, the way out.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use unicode_width::UnicodeWidthStr;

use crate::model::{Text, redact};

/// Longest piece of a line that is shown.
const SHOWN: usize = 160;

/// One thing that is wrong, or worth a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// As the file was named.
    pub file: String,
    /// From 1; 0 where the whole file is meant.
    pub line: usize,
    pub column: usize,
    pub message: String,
    /// What would be right.
    pub help: String,
    /// The line, secrets masked, and the caret below it.
    excerpt: Option<(String, String)>,
}

impl Problem {
    /// About a file as a whole.
    #[must_use]
    pub fn whole(file: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { file: clean(file), line: 0, column: 0, message: message.into(), help: help.into(), excerpt: None }
    }

    /// About a place in `text`.
    #[must_use]
    pub fn at(
        file: &str,
        text: &str,
        span: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let start = floor(text, span.start.min(text.len()));
        let line_start = text[..start].rfind('\n').map_or(0, |n| n + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |n| start + n);
        let end = floor(text, span.end.clamp(start, line_end));
        let (before, marked) = (&text[line_start..start], &text[start..end]);
        let caret = " ".repeat(clean(before).width()) + &"^".repeat(clean(marked).width().clamp(1, SHOWN));
        let line = clean(&hidden(text[line_start..line_end].trim_end_matches('\r')));
        let excerpt = (caret.len() <= SHOWN + 1).then(|| (line.chars().take(SHOWN).collect(), caret));
        Self {
            file: clean(file),
            line: text[..start].matches('\n').count() + 1,
            column: before.chars().count() + 1,
            message: clean(&message.into()),
            help: help.into(),
            excerpt,
        }
    }
}

impl Problem {
    /// In one line, for where there is no room for more.
    #[must_use]
    pub fn line(&self) -> String {
        let place = if self.line > 0 { format!(":{}:{}", self.line, self.column) } else { String::new() };
        format!("{}{place}: {}; {}", self.file, self.message, self.help)
    }
}

/// A line with secrets masked; a list under a secret's name is masked whole, since its items have no names of their own.
fn hidden(line: &str) -> String {
    match line.split_once('=') {
        Some((key, value)) if redact::is_secret_name(key) && value.trim_start().starts_with('[') => {
            format!("{key}= {}", redact::MASK)
        }
        _ => redact::mask(line).into_owned(),
    }
}

fn clean(raw: &str) -> String {
    Text::line(raw).shown().to_owned()
}

/// The beginning of the character at or before `at`.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.message)?;
        let digits = self.line.to_string();
        let margin = " ".repeat(digits.len());
        match &self.excerpt {
            Some((line, caret)) => {
                writeln!(f, "{margin}--> {}:{}:{}", self.file, self.line, self.column)?;
                writeln!(f, "{margin} |\n{digits} | {line}\n{margin} | {caret}")?;
            }
            None if self.line > 0 => writeln!(f, "{margin}--> {}:{}:{}", self.file, self.line, self.column)?,
            None => writeln!(f, "{margin}--> {}", self.file)?,
        }
        write!(f, "{margin} = {}", self.help)
    }
}

/// Everything that is wrong with a configuration; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
pub struct Problems(pub Vec<Problem>);

/// A file being read: its text, where everything in it stands, and what was found wrong so far.
pub struct Document<'a> {
    name: String,
    text: &'a str,
    tree: Option<Spanned<DeTable<'a>>>,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

impl<'a> Document<'a> {
    /// Reads the structure of `text`; where that fails, places are not known.
    #[must_use]
    pub fn new(name: &str, text: &'a str) -> Self {
        let tree = DeTable::parse(text).ok();
        Self { name: name.to_owned(), text, tree, problems: Vec::new(), warnings: Vec::new() }
    }

    /// The file's name as it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Something that must be put right, at a key; list items are named by their number.
    pub fn refuse(&mut self, path: &[&str], message: impl Into<String>, help: impl Into<String>) {
        let problem = Problem::at(&self.name, self.text, &self.span(path), message, help);
        self.problems.push(problem);
    }

    /// Something that works but should be known.
    pub fn warn(&mut self, path: &[&str], message: impl Into<String>, help: impl Into<String>) {
        let problem = Problem::at(&self.name, self.text, &self.span(path), message, help);
        self.warnings.push(problem);
    }

    /// Takes the parser's own complaint.
    pub fn take(&mut self, error: &toml::de::Error) {
        let (message, help) = super::wording::reworded(error.message());
        let span = error.span().unwrap_or(0..0);
        self.problems.push(Problem::at(&self.name, self.text, &span, message, help));
    }

    /// Where the value at `path` stands, or the innermost thing around it that is there.
    fn span(&self, path: &[&str]) -> Range<usize> {
        let Some(tree) = &self.tree else { return 0..0 };
        let Some((first, rest)) = path.split_first() else { return 0..0 };
        let Some((key, value)) = tree.get_ref().get_key_value(*first) else { return 0..0 };
        let (mut span, mut value) = (key.span(), value);
        for step in rest {
            let next = match value.get_ref() {
                DeValue::Table(table) => table.get_key_value(*step).map(|(key, value)| (key.span(), value)),
                DeValue::Array(items) => step.parse::<usize>().ok().and_then(|n| items.get(n)).map(|v| (v.span(), v)),
                _ => None,
            };
            let Some((at, inner)) = next else { return span };
            (span, value) = (at, inner);
        }
        match value.get_ref() {
            DeValue::Table(_) | DeValue::Array(_) => span,
            _ => value.span(),
        }
    }
}
