//! Finding courses and reading their pages.

use super::{
    error::CatalogError,
    model::{CatalogQuery, Course, CourseCard, CoursePage, CourseState, Tier},
    store,
};
use crate::{
    Academy, Actor, Operation, Problem,
    ids::{CourseId, LessonId, TierId},
    page::{Filter, Page},
    store::Conn,
};

/// The catalogue service.
pub struct Catalog<'a>(pub(crate) &'a Academy);

/// Slugs are made of these letters only; anything else is not worth a look-up.
pub(crate) fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 80
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl Catalog<'_> {
    /// Published courses, newest first. Each of the first three words must occur.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn search(&self, actor: &Actor, query: &CatalogQuery) -> Result<Page<CourseCard>, Problem> {
        actor.may(Operation::BrowseCatalog)?;
        let mut words = ["%".to_owned(), "%".to_owned(), "%".to_owned()];
        for (slot, word) in words.iter_mut().zip(query.q.split_whitespace()) {
            *slot = Filter { q: word.to_owned(), ..Filter::default() }.like();
        }
        // An unknown level or price word filters nothing: links from elsewhere keep working.
        let level = query.level.parse::<super::Level>().map(super::Level::word).unwrap_or_default();
        let price = match query.price.as_str() {
            word @ ("free" | "paid") => word,
            _ => "",
        };
        let paging = Filter { page: query.page, ..Filter::default() };
        let mut conn = self.0.0.db.read().await?;
        let (rows, total) = store::search(&mut conn, &words, level, price, paging.offset()).await?;
        Ok(Page { rows, total: u32::try_from(total).unwrap_or(u32::MAX), number: paging.number() })
    }

    /// A course's page. Drafts are there for their instructor and admins only, withdrawn courses
    /// for those and for whoever is enrolled.
    ///
    /// # Errors
    /// `not_found` where the caller may not know of it.
    pub async fn course(&self, actor: &Actor, slug: &str) -> Result<CoursePage, Problem> {
        actor.may(Operation::BrowseCatalog)?;
        let mut conn = self.0.0.db.read().await?;
        let course = match is_slug(slug) {
            true => store::by_slug(&mut conn, slug).await?,
            false => None,
        };
        let course = course.ok_or(CatalogError::NotFound("course"))?;
        let visible = match course.state {
            CourseState::Published => true,
            CourseState::Draft => owns(actor, &course),
            CourseState::Withdrawn => {
                owns(actor, &course)
                    || self.0.learning().enrollment_level(&mut conn, actor.user(), course.id).await?.enrolled
            }
        };
        if !visible {
            return Err(CatalogError::NotFound("course").into());
        }
        self.page(&mut conn, course).await
    }

    pub(super) async fn page(&self, conn: &mut Conn, course: Course) -> Result<CoursePage, Problem> {
        Ok(CoursePage {
            description_html: self
                .0
                .0
                .pages
                .render(course.id.0, course.version, &course.description)
                .to_string(),
            outline: store::outline(conn, course.id).await?,
            tiers: store::tiers(conn, course.id).await?,
            listing: store::listing(conn, course.id).await?,
            course,
        })
    }

    /// All courses in any state. The filter's state is a course state's word.
    ///
    /// # Errors
    /// For everyone but admins.
    pub async fn all(&self, actor: &Actor, filter: &Filter) -> Result<Page<CourseCard>, Problem> {
        actor.may(Operation::SeeAllCourses)?;
        let mut conn = self.0.0.db.read().await?;
        let (rows, total) = store::all(&mut conn, &filter.like(), filter.word(), filter.offset()).await?;
        Ok(Page { rows, total: u32::try_from(total).unwrap_or(u32::MAX), number: filter.number() })
    }

    /// A tier that is not removed, with its course's page; for the slices that sell and enrol.
    pub(crate) async fn tier(&self, conn: &mut Conn, id: TierId) -> Result<(CoursePage, Tier), Problem> {
        let row = store::tier(conn, id).await?.ok_or(CatalogError::NotFound("tier"))?;
        let course = store::by_id(conn, row.course_id).await?.ok_or(CatalogError::NotFound("course"))?;
        Ok((self.page(conn, course).await?, row.tier()?))
    }

    /// A course without asking who wants to know; for later slices that decide it themselves.
    pub(crate) async fn by_id(&self, conn: &mut Conn, id: CourseId) -> Result<Course, Problem> {
        Ok(store::by_id(conn, id).await?.ok_or(CatalogError::NotFound("course"))?)
    }

    /// As [`Catalog::by_id`], by the course's place in URLs.
    pub(crate) async fn by_slug(&self, conn: &mut Conn, slug: &str) -> Result<Course, Problem> {
        let course = match is_slug(slug) {
            true => store::by_slug(conn, slug).await?,
            false => None,
        };
        Ok(course.ok_or(CatalogError::NotFound("course"))?)
    }

    /// A course in a list, for later slices.
    pub(crate) async fn card(&self, conn: &mut Conn, id: CourseId) -> Result<CourseCard, Problem> {
        Ok(store::card(conn, id).await?.ok_or(CatalogError::NotFound("course"))?)
    }

    /// A course's modules and lessons, for later slices.
    pub(crate) async fn outline(&self, conn: &mut Conn, id: CourseId) -> Result<Vec<super::Module>, Problem> {
        Ok(store::outline(conn, id).await?)
    }

    /// Which course a lesson belongs to.
    pub(crate) async fn lesson_course(&self, conn: &mut Conn, id: LessonId) -> Result<CourseId, Problem> {
        let row = store::lesson(conn, id).await?.ok_or(CatalogError::NotFound("lesson"))?;
        Ok(row.course_id)
    }

    /// A lesson's head and its text as HTML, for the slice that decides who may read it.
    pub(crate) async fn lesson_text(
        &self,
        conn: &mut Conn,
        id: LessonId,
    ) -> Result<(super::LessonHead, std::sync::Arc<str>), Problem> {
        let row = store::lesson(conn, id).await?.ok_or(CatalogError::NotFound("lesson"))?;
        Ok((row.head()?, self.0.0.pages.render(id.0, row.version, &row.body)))
    }
}

/// Whether the caller may change the course: its instructor, or an admin.
pub(crate) fn owns(actor: &Actor, course: &Course) -> bool {
    actor.is_admin() || actor.user() == Some(course.teacher.id)
}
