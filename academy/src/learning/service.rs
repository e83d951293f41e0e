//! Reading, enrolling and progress.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    error::LearningError,
    model::{Access, EnrollmentState, Learner, LessonView, Shelf, Source},
    store,
};
use crate::{
    Academy, Actor, Operation, Problem,
    accounts::audit,
    catalog::{Course, CoursePage, CourseState, LessonHead, MAX_TIERS, MediaFile, Module, owns},
    evm::Address,
    ids::{CourseId, EnrollmentId, LessonId, MediaId, OrderId, TierId, UserId},
    page::{Filter, Page},
    store::{Conn, public_version},
    text::line,
};

/// A lesson, or why not.
pub enum LessonAnswer {
    /// Here it is.
    Open(Box<LessonView>),
    /// It needs an enrollment that the caller doesn't have.
    Locked {
        /// The lesson.
        head: LessonHead,
        /// The caller's payment is being confirmed again after a reorg.
        suspended: bool,
    },
}

/// All that the page of a lesson shows.
pub struct Reading {
    /// The course.
    pub page: Arc<CoursePage>,
    /// What the caller may read of it.
    pub access: Access,
    /// The lesson, or why not.
    pub answer: LessonAnswer,
    /// Which of the course's lessons the caller has done.
    pub done: Vec<LessonId>,
}

/// The learning service.
pub struct Learning<'a>(pub(crate) &'a Academy);

fn lessons(outline: &[Module]) -> impl Iterator<Item = (&Module, &LessonHead)> {
    outline.iter().flat_map(|module| module.lessons.iter().map(move |lesson| (module, lesson)))
}

impl Learning<'_> {
    pub(crate) async fn enrollment_level(
        &self,
        conn: &mut Conn,
        user: Option<UserId>,
        course: CourseId,
    ) -> Result<Access, Problem> {
        match user {
            Some(user) => Ok(store::access(conn, user, course).await?),
            None => Ok(Access::default()),
        }
    }

    async fn access_in(&self, conn: &mut Conn, actor: &Actor, course: &Course) -> Result<Access, Problem> {
        let mut access = self.enrollment_level(conn, actor.user(), course.id).await?;
        if owns(actor, course) {
            access.level = u8::MAX;
        }
        Ok(access)
    }

    /// What the caller may read of a course.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn access(&self, actor: &Actor, course: &Course) -> Result<Access, Problem> {
        let mut conn = self.0.0.db.read().await?;
        self.access_in(&mut conn, actor, course).await
    }

    /// The course of that slug and the caller's access, unless the caller may not know of it.
    async fn reachable(
        &self,
        conn: &mut Conn,
        actor: &Actor,
        version: i64,
        slug: &str,
    ) -> Result<(Arc<CoursePage>, Access), Problem> {
        let page = self.0.catalog().known(conn, version, slug).await?;
        let access = self.access_in(conn, actor, &page.course).await?;
        match self.0.catalog().shows(conn, actor, &page.course).await? {
            true => Ok((page, access)),
            false => Err(LearningError::NotFound("lesson").into()),
        }
    }

    /// A lesson with all that its page shows, if the caller may read it.
    ///
    /// # Errors
    /// `not_found` where the caller may not know of it.
    pub async fn read(&self, actor: &Actor, course: &str, lesson: &str) -> Result<Reading, Problem> {
        actor.may(Operation::ReadLesson)?;
        let mut conn = self.0.0.db.read().await?;
        let version = public_version(&mut conn).await?;
        let (page, access) = self.reachable(&mut conn, actor, version, course).await?;
        let (module, head) = lessons(&page.outline)
            .find(|(_, head)| head.slug == lesson)
            .ok_or(LearningError::NotFound("lesson"))?;
        let progress = match actor.user() {
            Some(user) => store::progress(&mut conn, user, page.course.id).await?,
            None => Vec::new(),
        };
        let answer = if head.access > access.level {
            LessonAnswer::Locked { head: head.clone(), suspended: access.suspended }
        } else {
            let text = self.0.catalog().lesson_text(&mut conn, version, head.id).await?;
            let mine = progress.iter().find(|row| row.lesson_id == head.id);
            LessonAnswer::Open(Box::new(LessonView {
                module: module.title.clone(),
                html: text.1.to_string(),
                done: mine.is_some_and(|row| row.done_at.is_some()),
                position: mine.map_or(0, |row| u16::try_from(row.position).unwrap_or(0)),
                head: text.0.clone(),
            }))
        };
        let done =
            progress.into_iter().filter(|row| row.done_at.is_some()).map(|row| row.lesson_id).collect();
        Ok(Reading { page, access, answer, done })
    }

    /// The lesson alone.
    ///
    /// # Errors
    /// As [`Learning::read`].
    pub async fn lesson(&self, actor: &Actor, course: &str, lesson: &str) -> Result<LessonAnswer, Problem> {
        Ok(self.read(actor, course, lesson).await?.answer)
    }

    /// A file's bytes, if the caller may read a lesson that shows it.
    ///
    /// # Errors
    /// `not_found` where it is not there, or not for the caller.
    pub async fn media(&self, actor: &Actor, id: MediaId) -> Result<MediaFile, Problem> {
        actor.may(Operation::ReadMedia)?;
        let mut conn = self.0.0.db.read().await?;
        let catalog = self.0.catalog();
        let course = catalog.media_course(&mut conn, id).await?;
        let course = catalog.by_id(&mut conn, course).await?;
        let access = self.access_in(&mut conn, actor, &course).await?;
        let needed = catalog.media_access(&mut conn, course.id, id).await?;
        let listed = course.state == CourseState::Published;
        let open = owns(actor, &course)
            || match needed {
                Some(0) => access.enrolled || catalog.shows(&mut conn, actor, &course).await?,
                Some(level) => level <= access.level,
                None => false,
            };
        if !open {
            return Err(LearningError::NotFound("file").into());
        }
        let (content_type, bytes) = catalog.media_bytes(&mut conn, id).await?;
        Ok(MediaFile { content_type, bytes, public: listed && needed == Some(0) })
    }

    /// Enrols the caller in a tier that costs nothing. Doing it again changes nothing.
    ///
    /// # Errors
    /// For visitors; when the tier costs something or the course is not published.
    pub async fn enroll_free(&self, actor: &Actor, tier: TierId) -> Result<(), Problem> {
        let person = actor.person_who_may(Operation::EnrollFree)?;
        let mut tx = self.0.0.db.begin().await?;
        let (page, tier) = self.0.catalog().tier(&mut tx, tier).await?;
        if page.course.state != CourseState::Published {
            return Err(LearningError::NotOpen.into());
        }
        if !tier.price.is_zero() {
            return Err(LearningError::NotFree.into());
        }
        // A double click enrols once: the second waits here and then sees the first.
        self.0.accounts().lock(&mut tx, person.id).await?;
        let access = store::access(&mut tx, person.id, page.course.id).await?;
        if access.level < tier.level {
            store::put(&mut tx, &self.enrollment(person.id, page.course.id, tier.level, Source::Free, ""))
                .await?;
        }
        Ok(tx.commit().await?)
    }

    fn enrollment(
        &self,
        user: UserId,
        course: CourseId,
        level: u8,
        source: Source,
        reason: &str,
    ) -> store::NewEnrollment {
        store::NewEnrollment {
            id: EnrollmentId(self.0.mint()),
            user,
            course,
            order: None,
            level,
            source,
            state: EnrollmentState::Active,
            reason: reason.to_owned(),
            now: self.0.now(),
        }
    }

    /// Opens a course for a paid order, in the caller's transaction; again: opens it again.
    pub(crate) async fn open_for_order(
        &self,
        conn: &mut Conn,
        order: OrderId,
        user: UserId,
        course: CourseId,
        level: u8,
    ) -> Result<(), Problem> {
        let mut new = self.enrollment(user, course, level, Source::Payment, "");
        new.order = Some(order);
        Ok(store::put(conn, &new).await?)
    }

    /// Takes an order's access back until its payment is seen again, in the caller's transaction.
    pub(crate) async fn suspend_for_order(&self, conn: &mut Conn, order: OrderId) -> Result<(), Problem> {
        Ok(store::suspend(conn, order).await?)
    }

    /// Ends an order's access because its payment went back, in the caller's transaction.
    pub(crate) async fn refund_for_order(&self, conn: &mut Conn, order: OrderId) -> Result<(), Problem> {
        Ok(store::refund(conn, order).await?)
    }

    /// The course of a lesson that the caller may read.
    async fn open_lesson(&self, conn: &mut Conn, actor: &Actor, id: LessonId) -> Result<CourseId, Problem> {
        let course = self.0.catalog().lesson_course(conn, id).await?;
        let course = self.0.catalog().by_id(conn, course).await?;
        let version = public_version(conn).await?;
        let (page, access) = self.reachable(conn, actor, version, &course.slug).await?;
        let readable =
            lessons(&page.outline).any(|(_, lesson)| lesson.id == id && lesson.access <= access.level);
        if readable { Ok(course.id) } else { Err(LearningError::Locked.into()) }
    }

    /// Marks a lesson done, or not done.
    ///
    /// # Errors
    /// For visitors, and for lessons that are not open to the caller.
    pub async fn mark_done(&self, actor: &Actor, lesson: LessonId, done: bool) -> Result<(), Problem> {
        let person = actor.person_who_may(Operation::Study)?;
        let now = self.0.now();
        let mut tx = self.0.0.db.begin().await?;
        let course = self.open_lesson(&mut tx, actor, lesson).await?;
        store::set_done(&mut tx, person.id, lesson, course, done.then_some(now), now).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps the place in a lesson, 0 (top) to 1000 (end).
    ///
    /// # Errors
    /// For visitors, and for lessons that are not open to the caller.
    pub async fn remember(&self, actor: &Actor, lesson: LessonId, position: u16) -> Result<(), Problem> {
        let person = actor.person_who_may(Operation::Study)?;
        let mut tx = self.0.0.db.begin().await?;
        let course = self.open_lesson(&mut tx, actor, lesson).await?;
        store::set_position(&mut tx, person.id, lesson, course, position.min(1000), self.0.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Which lessons of a course the caller has done; none for visitors.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn done(&self, actor: &Actor, course: CourseId) -> Result<Vec<LessonId>, Problem> {
        let Some(user) = actor.user() else { return Ok(Vec::new()) };
        let mut conn = self.0.0.db.read().await?;
        let progress = store::progress(&mut conn, user, course).await?;
        Ok(progress.into_iter().filter(|row| row.done_at.is_some()).map(|row| row.lesson_id).collect())
    }

    /// The caller's courses, last visited first.
    ///
    /// # Errors
    /// For visitors.
    pub async fn mine(&self, actor: &Actor) -> Result<Vec<Shelf>, Problem> {
        let person = actor.person_who_may(Operation::Study)?;
        let mut conn = self.0.0.db.read().await?;
        let mut shelves: HashMap<CourseId, Shelf> = HashMap::new();
        for row in store::of_user(&mut conn, person.id).await? {
            let state = row.state.parse::<EnrollmentState>()?;
            let source = row.source.parse::<Source>()?;
            // Several enrollments in one course are one shelf, and the best of them speaks for it.
            // One that was taken back shows, too: its learner must see what became of it.
            if let Some(shelf) = shelves.get_mut(&row.course_id) {
                if standing(state) > standing(shelf.state) {
                    (shelf.state, shelf.source) = (state, source);
                }
                continue;
            }
            let access = store::access(&mut conn, person.id, row.course_id).await?;
            let outline = self.0.catalog().outline(&mut conn, row.course_id).await?;
            let progress = store::progress(&mut conn, person.id, row.course_id).await?;
            let done: HashSet<LessonId> =
                progress.iter().filter(|row| row.done_at.is_some()).map(|row| row.lesson_id).collect();
            let open: Vec<&LessonHead> = lessons(&outline)
                .map(|(_, lesson)| lesson)
                .filter(|lesson| lesson.access <= access.level)
                .collect();
            let last = progress.iter().max_by_key(|row| row.visited_at);
            // The lesson last visited, if it is not done; else the first that is not done.
            let next = open
                .iter()
                .find(|lesson| last.is_some_and(|last| last.lesson_id == lesson.id && last.done_at.is_none()))
                .or_else(|| open.iter().find(|lesson| !done.contains(&lesson.id)))
                .or_else(|| open.first());
            let shelf = Shelf {
                card: self.0.catalog().card(&mut conn, row.course_id).await?,
                source,
                state,
                done: u32::try_from(open.iter().filter(|lesson| done.contains(&lesson.id)).count())
                    .unwrap_or(u32::MAX),
                open: u32::try_from(open.len()).unwrap_or(u32::MAX),
                continue_at: next.map(|lesson| lesson.slug.clone()),
                last_at: last.map_or(row.created_at, |last| last.visited_at.max(row.created_at)),
            };
            shelves.insert(row.course_id, shelf);
        }
        let mut shelves: Vec<Shelf> = shelves.into_values().collect();
        shelves.sort_by_key(|shelf| (std::cmp::Reverse(shelf.last_at), shelf.card.id));
        Ok(shelves)
    }

    /// Who learns in a course, newest first.
    ///
    /// # Errors
    /// For everyone but its instructor and admins.
    pub async fn learners(&self, actor: &Actor, course: CourseId) -> Result<Vec<Learner>, Problem> {
        let mut conn = self.0.0.db.read().await?;
        self.0.catalog().own(&mut conn, actor, Operation::SeeSales, course).await?;
        Ok(store::learners(&mut conn, course).await?)
    }

    /// All enrollments, newest first. The filter's state is an enrollment state's word.
    ///
    /// # Errors
    /// For everyone but admins.
    pub async fn enrollments(&self, actor: &Actor, filter: &Filter) -> Result<Page<Learner>, Problem> {
        actor.may(Operation::GrantAccess)?;
        let mut conn = self.0.0.db.read().await?;
        let (rows, total) = store::enrollments(&mut conn, filter).await?;
        Ok(Page { rows, total: u32::try_from(total).unwrap_or(u32::MAX), number: filter.number() })
    }

    /// Gives a wallet access to a course without a payment.
    ///
    /// # Errors
    /// For everyone but admins; without a reason; for no level from 1 to 8.
    pub async fn grant(
        &self,
        actor: &Actor,
        address: Address,
        course: CourseId,
        level: u8,
        reason: &str,
    ) -> Result<(), Problem> {
        actor.may(Operation::GrantAccess)?;
        let reason = line(reason, 1, 300).map_err(|_| LearningError::NoReason)?;
        if !(1..=MAX_TIERS as u8).contains(&level) {
            return Err(LearningError::NoSuchLevel.into());
        }
        let mut tx = self.0.0.db.begin().await?;
        let course = self.0.catalog().by_id(&mut tx, course).await?;
        let user = self.0.accounts().ensure(&mut tx, address).await?;
        store::put(&mut tx, &self.enrollment(user, course.id, level, Source::Grant, &reason)).await?;
        let subject = format!("{} · {} · level {level}", course.title, address.checksummed());
        audit(&mut tx, self.0, actor, "access.granted", &subject, &reason).await?;
        Ok(tx.commit().await?)
    }

    /// Takes an enrollment back, for good.
    ///
    /// # Errors
    /// For everyone but admins; without a reason; when it was taken back already.
    pub async fn revoke(&self, actor: &Actor, id: EnrollmentId, reason: &str) -> Result<(), Problem> {
        actor.may(Operation::GrantAccess)?;
        let reason = line(reason, 1, 300).map_err(|_| LearningError::NoReason)?;
        let mut tx = self.0.0.db.begin().await?;
        let (user, course) =
            store::course_of(&mut tx, id).await?.ok_or(LearningError::NotFound("enrollment"))?;
        if store::revoke(&mut tx, id, &reason).await? == 0 {
            return Err(LearningError::AlreadyRevoked.into());
        }
        let course = self.0.catalog().by_id(&mut tx, course).await?;
        let wallet = self.0.accounts().wallets(&mut tx, user).await?;
        let wallet = wallet.first().map(Address::checksummed).unwrap_or_default();
        audit(&mut tx, self.0, actor, "access.revoked", &format!("{} · {wallet}", course.title), &reason)
            .await?;
        Ok(tx.commit().await?)
    }
}

fn standing(state: EnrollmentState) -> u8 {
    match state {
        EnrollmentState::Revoked | EnrollmentState::Refunded => 0,
        EnrollmentState::Suspended => 1,
        EnrollmentState::Active => 2,
    }
}
