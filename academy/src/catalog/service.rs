//! Finding courses and reading their pages.

use std::sync::Arc;

use super::{
    error::CatalogError,
    model::{CatalogQuery, Course, CourseCard, CoursePage, CourseState, Tier},
    store,
};
use crate::{
    Academy, Actor, Operation, Problem,
    ids::{CourseId, LessonId, TierId},
    page::{Filter, Page},
    store::{Conn, Tx, change_public, public_version},
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
    pub async fn search(
        &self,
        actor: &Actor,
        query: &CatalogQuery,
    ) -> Result<Arc<Page<CourseCard>>, Problem> {
        actor.may(Operation::BrowseCatalog)?;
        let mut conn = self.0.0.db.read().await?;
        let version = public_version(&mut conn).await?;
        let known = &self.0.0.catalog.searches;
        if let Some(found) = known.get(version, query) {
            return Ok(found);
        }
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
        let (rows, total) = store::search(&mut conn, &words, level, price, paging.offset()).await?;
        let found = Page { rows, total: u32::try_from(total).unwrap_or(u32::MAX), number: paging.number() };
        Ok(known.put(version, query.clone(), found))
    }

    /// A course's page, for those whom it [is shown](Self::shows) to.
    ///
    /// # Errors
    /// `not_found` where the caller may not know of it.
    pub async fn course(&self, actor: &Actor, slug: &str) -> Result<Arc<CoursePage>, Problem> {
        actor.may(Operation::BrowseCatalog)?;
        let mut conn = self.0.0.db.read().await?;
        let version = public_version(&mut conn).await?;
        let page = self.known(&mut conn, version, slug).await?;
        match self.shows(&mut conn, actor, &page.course).await? {
            true => Ok(page),
            false => Err(CatalogError::NotFound("course").into()),
        }
    }

    /// Whether somebody may know of a course. Drafts are there for their instructor and admins only, withdrawn courses
    /// for those and for whoever is enrolled or has ordered them: what became of their money leads there.
    pub(crate) async fn shows(
        &self,
        conn: &mut Conn,
        actor: &Actor,
        course: &Course,
    ) -> Result<bool, Problem> {
        let (academy, user) = (self.0, actor.user());
        Ok(match course.state {
            CourseState::Published => true,
            CourseState::Draft => owns(actor, course),
            CourseState::Withdrawn => {
                owns(actor, course)
                    || academy.learning().enrollment_level(conn, user, course.id).await?.enrolled
                    || academy.checkout().has_ordered(conn, user, course.id).await?
            }
        })
    }

    /// A course's page as it was at a version, or is since; without asking who wants to know.
    pub(crate) async fn known(
        &self,
        conn: &mut Conn,
        version: i64,
        slug: &str,
    ) -> Result<Arc<CoursePage>, Problem> {
        let known = &self.0.0.catalog.pages;
        if let Some(page) = known.get(version, slug) {
            return Ok(page);
        }
        let course = match is_slug(slug) {
            true => store::by_slug(conn, slug).await?,
            false => None,
        };
        let page = self.page(conn, course.ok_or(CatalogError::NotFound("course"))?).await?;
        Ok(known.put(version, slug.to_owned(), page))
    }

    /// Pages of courses, for later slices that know already who may see them.
    pub(crate) async fn pages(&self, slugs: Vec<&str>) -> Result<Vec<Arc<CoursePage>>, Problem> {
        let mut conn = self.0.0.db.read().await?;
        let version = public_version(&mut conn).await?;
        let mut pages = Vec::new();
        for slug in slugs {
            pages.push(self.known(&mut conn, version, slug).await?);
        }
        Ok(pages)
    }

    /// A transaction that changes what everyone may see.
    pub(super) async fn begin(&self) -> Result<Tx, Problem> {
        let mut tx = self.0.0.db.begin().await?;
        change_public(&mut tx).await?;
        Ok(tx)
    }

    pub(super) async fn page(&self, conn: &mut Conn, course: Course) -> Result<CoursePage, Problem> {
        let tiers = store::tiers(conn, course.id).await?;
        Ok(CoursePage {
            description_html: self
                .0
                .0
                .texts
                .render(course.id.0, course.version, &course.description)
                .to_string(),
            outline: store::outline(conn, course.id).await?,
            markets: self.markets(conn, &course, &tiers).await?,
            tiers,
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

    /// A course in a list, for later slices.
    pub(crate) async fn card(&self, conn: &mut Conn, id: CourseId) -> Result<CourseCard, Problem> {
        Ok(store::card(conn, id).await?.ok_or(CatalogError::NotFound("course"))?)
    }

    /// A course's listing on a chain, for later slices.
    pub(crate) async fn listing_of(
        &self,
        conn: &mut Conn,
        id: CourseId,
        chain_id: u64,
    ) -> Result<Option<super::Listing>, Problem> {
        Ok(store::listings(conn, id).await?.into_iter().find(|listing| listing.chain_id == chain_id))
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

    /// A lesson's head and its text as HTML at a version, for the slice that decides who may read it.
    pub(crate) async fn lesson_text(
        &self,
        conn: &mut Conn,
        version: i64,
        id: LessonId,
    ) -> Result<Arc<(super::LessonHead, Arc<str>)>, Problem> {
        let known = &self.0.0.catalog.texts;
        if let Some(text) = known.get(version, &id) {
            return Ok(text);
        }
        let row = store::lesson(conn, id).await?.ok_or(CatalogError::NotFound("lesson"))?;
        let text = (row.head()?, self.0.0.texts.render(id.0, row.version, &row.body));
        Ok(known.put(version, id, text))
    }
}

/// Whether the caller may change the course: its instructor, or an admin.
pub(crate) fn owns(actor: &Actor, course: &Course) -> bool {
    actor.is_admin() || actor.user() == Some(course.teacher.id)
}
