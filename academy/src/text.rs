//! Validated text: parsed once, the same on both sides of the wire.

/// Trims and checks the length, in characters, of one line of text.
///
/// # Errors
/// A sentence to show beside the field.
pub fn line(text: &str, min: usize, max: usize) -> Result<String, String> {
    let text = text.trim();
    if text.chars().any(|c| c.is_control() || is_unseen(c)) {
        return Err("Write it on one line, without control characters.".to_owned());
    }
    length(text, min, max)
}

/// Checks the length of text that may have several lines.
///
/// # Errors
/// A sentence to show beside the field.
pub fn prose(text: &str, min: usize, max: usize) -> Result<String, String> {
    let text = text.replace("\r\n", "\n");
    // Postgres keeps no NUL in text; no other control character but tab and newline means anything.
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("Remove the control characters from this text.".to_owned());
    }
    length(text.trim_end(), min, max)
}

/// Marks that nobody sees but that turn or hide what stands around them. Joiners stay: scripts
/// and emoji need them.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn length(text: &str, min: usize, max: usize) -> Result<String, String> {
    let count = text.chars().count();
    if count < min {
        return Err(if min == 1 {
            "This can't be empty.".to_owned()
        } else {
            format!("Write at least {min} characters.")
        });
    }
    if count > max {
        return Err(format!("At most {max} characters; this has {count}."));
    }
    Ok(text.to_owned())
}

/// A slug made of a title: lower-case ASCII letters, digits and single hyphens, or empty.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for letter in title.to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() >= 60 {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// Several checks at once, so that a form shows all of its mistakes.
#[derive(Default)]
pub struct Checks(Vec<(String, String)>);

impl Checks {
    /// Keeps the value, or the message beside the field.
    pub fn field<T: Default>(&mut self, field: &str, result: Result<T, String>) -> T {
        result.unwrap_or_else(|message| {
            self.0.push((field.to_owned(), message));
            T::default()
        })
    }

    /// # Errors
    /// All messages, if there are any.
    pub fn done(self) -> Result<(), crate::Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(crate::Problem::fields(self.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_slugs_of_titles() {
        assert_eq!(slug("  Rust, read slowly!  "), "rust-read-slowly");
        assert_eq!(slug("Привет"), "");
        assert!(slug(&"word ".repeat(40)).len() <= 60);
    }

    #[test]
    fn refuses_nul_and_other_control_characters() {
        assert!(line("a\0b", 1, 10).is_err());
        assert!(line("a\nb", 1, 10).is_err());
        assert!(line("\u{202e}\u{202e}\u{202e}", 1, 10).is_err());
        assert!(prose("a\0b", 1, 10).is_err());
        assert_eq!(prose("a\r\nb", 1, 10).unwrap(), "a\nb");
    }
}
