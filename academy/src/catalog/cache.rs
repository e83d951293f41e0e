//! Courses as they were last read, for as long as nobody changes any; see [`crate::store`]'s
//! `public_version`. A page of a course is half a dozen look-ups, and is read far more often than
//! written.

use std::{
    hash::Hash,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use lru::LruCache;

use super::model::{CatalogQuery, CourseCard, CoursePage, LessonHead};
use crate::{ids::LessonId, page::Page};

/// How many of each kind are kept.
const ROOM: NonZeroUsize = NonZeroUsize::new(512).expect("512 is not zero");

/// Things by their names, all of one version.
pub(crate) struct Shelf<K: Hash + Eq, V>(Mutex<(i64, LruCache<K, Arc<V>>)>);

impl<K: Hash + Eq, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self(Mutex::new((0, LruCache::new(ROOM))))
    }
}

impl<K: Hash + Eq, V> Shelf<K, V> {
    /// What is known under a name at that version.
    pub(crate) fn get<Q>(&self, version: i64, name: &Q) -> Option<Arc<V>>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.0 == version { shelf.1.get(name).cloned() } else { None }
    }

    /// Keeps what was read after that version was. Who was overtaken keeps nothing.
    pub(crate) fn put(&self, version: i64, name: K, value: V) -> Arc<V> {
        let value = Arc::new(value);
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.0 < version {
            shelf.0 = version;
            shelf.1.clear();
        }
        if shelf.0 == version {
            shelf.1.put(name, value.clone());
        }
        value
    }
}

/// All that is kept.
#[derive(Default)]
pub(crate) struct Cache {
    /// Courses in any state, by slug.
    pub(crate) pages: Shelf<String, CoursePage>,
    /// What searches found.
    pub(crate) searches: Shelf<CatalogQuery, Page<CourseCard>>,
    /// Lessons with their text as HTML.
    pub(crate) texts: Shelf<LessonId, (LessonHead, Arc<str>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_version_is_kept() {
        let shelf = Shelf::<String, u8>::default();
        assert_eq!(shelf.get(0, "a"), None);
        shelf.put(1, "a".to_owned(), 10);
        assert_eq!(shelf.get(1, "a").as_deref(), Some(&10));
        assert_eq!(shelf.get(2, "a"), None, "somebody changed something");
        shelf.put(2, "b".to_owned(), 20);
        // Somebody slow comes with what was true before.
        assert_eq!(*shelf.put(1, "a".to_owned(), 10), 10);
        assert_eq!(shelf.get(2, "a"), None);
        assert_eq!(shelf.get(1, "a"), None);
        assert_eq!(shelf.get(2, "b").as_deref(), Some(&20));
    }
}
