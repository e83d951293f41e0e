//! The demo courses as files: teachers.toml, and per course a folder with course.toml, lessons in
//! Markdown and images.

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::failure::Failure;

/// The folder, embedded, so that the binary alone can seed.
static DEMO: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/demo");

/// Who teaches.
#[derive(Debug, Deserialize)]
pub struct Teacher {
    /// Which of the development chain's accounts they have.
    pub account: usize,
    /// Their name.
    pub name: String,
    /// About them.
    pub bio: String,
}

#[derive(Deserialize)]
struct Teachers {
    teachers: Vec<Teacher>,
}

/// A course.
#[derive(Debug, Deserialize)]
pub struct Course {
    /// Its place in URLs, as the title gives it.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its promise.
    pub promise: String,
    /// A level's word.
    pub level: String,
    /// The teacher's account.
    pub teacher: usize,
    /// The cover's path in the course's folder.
    pub cover: String,
    /// The money-back window in days, or none.
    #[serde(default)]
    pub refund_days: u8,
    /// What one will learn.
    pub outcomes: Vec<String>,
    /// Markdown.
    pub description: String,
    /// Prices.
    pub tiers: Vec<Tier>,
    /// Modules with lessons.
    pub modules: Vec<Module>,
}

/// A price.
#[derive(Debug, Deserialize)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// What it gives.
    pub description: String,
    /// Its price in the chain's coin.
    pub price: String,
    /// Its price in dollars instead, where the site quotes them.
    pub price_usd: Option<String>,
    /// What it opens.
    pub level: u8,
}

/// A module.
#[derive(Debug, Deserialize)]
pub struct Module {
    /// Its title.
    pub title: String,
    /// Its lessons.
    pub lessons: Vec<Lesson>,
}

/// A lesson.
#[derive(Debug, Deserialize)]
pub struct Lesson {
    /// The Markdown's path in the course's folder.
    pub file: String,
    /// Its title.
    pub title: String,
    /// How long it takes.
    pub minutes: u32,
    /// The level that opens it.
    pub access: u8,
}

/// A course with its files.
pub struct Folder {
    /// What course.toml says.
    pub course: Course,
    dir: &'static Dir<'static>,
}

/// The teachers.
///
/// # Errors
/// When the embedded file is damaged.
pub fn teachers() -> Result<Vec<Teacher>, Failure> {
    let text = text(&DEMO, "teachers.toml")?;
    let parsed: Teachers =
        toml::from_str(text).map_err(|error| Failure::Told(format!("demo/teachers.toml: {error}")))?;
    Ok(parsed.teachers)
}

/// The courses, in the order of their folders' names.
///
/// # Errors
/// When an embedded file is damaged.
pub fn courses() -> Result<Vec<Folder>, Failure> {
    let mut found = Vec::new();
    // A folder without course.toml is still being written.
    for dir in DEMO.dirs().filter(|dir| dir.get_file(dir.path().join("course.toml")).is_some()) {
        let course = toml::from_str(text(dir, "course.toml")?)
            .map_err(|error| Failure::Told(format!("demo/{}: {error}", dir.path().display())))?;
        found.push(Folder { course, dir });
    }
    Ok(found)
}

impl Folder {
    /// A lesson's Markdown.
    ///
    /// # Errors
    /// When it isn't there.
    pub fn markdown(&self, path: &str) -> Result<&'static str, Failure> {
        text(self.dir, path)
    }

    /// An image's bytes.
    ///
    /// # Errors
    /// When it isn't there.
    pub fn image(&self, path: &str) -> Result<&'static [u8], Failure> {
        bytes(self.dir, path)
    }
}

fn bytes(dir: &'static Dir<'static>, path: &str) -> Result<&'static [u8], Failure> {
    dir.get_file(dir.path().join(path))
        .map(include_dir::File::contents)
        .ok_or_else(|| Failure::Told(format!("demo/{}/{path} is missing", dir.path().display())))
}

fn text(dir: &'static Dir<'static>, path: &str) -> Result<&'static str, Failure> {
    std::str::from_utf8(bytes(dir, path)?)
        .map_err(|_| Failure::Told(format!("demo/{}/{path} is no UTF-8", dir.path().display())))
}

/// The images that a text shows, by their paths in the course's folder.
pub fn images(markdown: &str) -> Vec<String> {
    let mut found: Vec<String> = markdown
        .match_indices("](images/")
        .filter_map(|(at, _)| {
            let path = &markdown[at + 2..];
            path.find([')', ' ', '\n']).map(|end| path[..end].to_owned())
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demo_course_is_whole() {
        let teachers = teachers().unwrap();
        let courses = courses().unwrap();
        assert!(courses.len() >= 2);
        for folder in &courses {
            let course = &folder.course;
            assert_eq!(academy::text::slug(&course.title), course.slug);
            assert!(teachers.iter().any(|teacher| teacher.account == course.teacher));
            folder.image(&course.cover).unwrap();
            assert!(course.modules.iter().map(|module| module.lessons.len()).sum::<usize>() >= 6);
            for lesson in course.modules.iter().flat_map(|module| &module.lessons) {
                let markdown = folder.markdown(&lesson.file).unwrap();
                for image in images(markdown) {
                    folder.image(&image).unwrap();
                }
            }
        }
    }

    #[test]
    fn finds_the_images_of_a_text() {
        let text = "![a](images/b.png \"c\") [x](https://y) ![d](images/a.png)\n![e](images/b.png)";
        assert_eq!(images(text), ["images/a.png", "images/b.png"]);
    }
}
