//! Where in a course a lesson stands.

use academy::{
    catalog::{CoursePage, LessonHead},
    checkout::About,
    ids::LessonId,
    learning::{Access, LessonView},
};

/// The lesson to show.
pub enum Lesson {
    /// To be read.
    Open(Box<LessonView>),
    /// Not open to this visitor.
    Locked {
        /// Which.
        head: LessonHead,
        /// A payment of theirs is being confirmed again.
        suspended: bool,
        /// What the price of the tier that opens it comes to.
        about: Option<About>,
    },
}

impl Lesson {
    /// The lesson without its body.
    pub fn head(&self) -> &LessonHead {
        match self {
            Self::Open(view) => &view.head,
            Self::Locked { head, .. } => head,
        }
    }
}

/// Neighbours and progress.
pub struct Place {
    /// This lesson.
    pub here: LessonId,
    /// Address and title of the one before.
    pub previous: Option<(String, String)>,
    /// Address and title of the one after.
    pub next: Option<(String, String)>,
    /// From 1.
    pub number: u32,
    /// All lessons of the course.
    pub of: u32,
    /// What the visitor may read.
    pub access: Access,
    /// What they have done.
    pub done: Vec<LessonId>,
    /// Lessons open to them, done and in all.
    pub progress: (u32, u32),
}

impl Place {
    /// The place of a lesson in its course.
    pub fn of(page: &CoursePage, here: LessonId, access: Access, done: Vec<LessonId>) -> Self {
        let lessons: Vec<&LessonHead> = page.lessons().collect();
        let index = lessons.iter().position(|lesson| lesson.id == here).unwrap_or_default();
        let link = |lesson: &&LessonHead| (address(&page.course.slug, &lesson.slug), lesson.title.clone());
        let open = lessons.iter().filter(|lesson| lesson.access <= access.level);
        let finished = open.clone().filter(|lesson| done.contains(&lesson.id)).count() as u32;
        Self {
            here,
            previous: index.checked_sub(1).and_then(|index| lessons.get(index)).map(link),
            next: lessons.get(index + 1).map(link),
            number: index as u32 + 1,
            of: lessons.len() as u32,
            progress: (finished, open.count() as u32),
            access,
            done,
        }
    }
}

/// A lesson's address.
pub fn address(course: &str, lesson: &str) -> String {
    format!("/courses/{course}/lessons/{lesson}")
}
