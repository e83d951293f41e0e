//! Making and changing courses. Every method begins with [`Catalog::own`].

use super::{
    error::CatalogError,
    forms::{CourseForm, LessonForm, TierForm},
    model::{Course, CourseCard, CoursePage, Draft, MAX_REFUND_DAYS},
    service::{Catalog, owns},
    store,
};
use crate::{
    Actor, Operation, Problem,
    ids::{CourseId, LessonId, MediaId, ModuleId, TierId},
    price::{Price, Unit},
    store::Conn,
    text::{line, slug},
};

fn module_title(title: &str) -> Result<String, Problem> {
    line(title, 1, 120).map_err(|message| Problem::field("title", message))
}

impl Catalog<'_> {
    /// The course, if the caller may change it.
    pub(crate) async fn own(
        &self,
        conn: &mut Conn,
        actor: &Actor,
        operation: Operation,
        id: CourseId,
    ) -> Result<Course, Problem> {
        actor.may(operation)?;
        let course = store::by_id(conn, id).await?.ok_or(CatalogError::NotFound("course"))?;
        if owns(actor, &course) { Ok(course) } else { Err(CatalogError::NotYours.into()) }
    }

    async fn own_module(&self, conn: &mut Conn, actor: &Actor, id: ModuleId) -> Result<CourseId, Problem> {
        actor.may(Operation::Author)?;
        let course = store::module_course(conn, id).await?.ok_or(CatalogError::NotFound("module"))?;
        Ok(self.own(conn, actor, Operation::Author, course).await?.id)
    }

    async fn own_lesson(
        &self,
        conn: &mut Conn,
        actor: &Actor,
        id: LessonId,
    ) -> Result<store::DraftRow, Problem> {
        actor.may(Operation::Author)?;
        let lesson = store::lesson(conn, id).await?.ok_or(CatalogError::NotFound("lesson"))?;
        self.own(conn, actor, Operation::Author, lesson.course_id).await?;
        Ok(lesson)
    }

    async fn own_tier(&self, conn: &mut Conn, actor: &Actor, id: TierId) -> Result<store::TierRow, Problem> {
        actor.may(Operation::Author)?;
        let tier = store::tier(conn, id).await?.ok_or(CatalogError::NotFound("tier"))?;
        self.own(conn, actor, Operation::Author, tier.course_id).await?;
        Ok(tier)
    }

    /// The caller's own courses, last changed first.
    ///
    /// # Errors
    /// For everyone who may not teach.
    pub async fn mine(&self, actor: &Actor) -> Result<Vec<CourseCard>, Problem> {
        let person = actor.person_who_may(Operation::Author)?;
        let mut conn = self.0.0.db.read().await?;
        Ok(store::of_teacher(&mut conn, person.id).await?)
    }

    /// A course's page in any state, for whoever may change it.
    ///
    /// # Errors
    /// For everyone else.
    pub async fn studio(&self, actor: &Actor, id: CourseId) -> Result<CoursePage, Problem> {
        let mut conn = self.0.0.db.read().await?;
        let course = self.own(&mut conn, actor, Operation::Author, id).await?;
        self.page(&mut conn, course).await
    }

    /// Starts a course as a draft. Its slug comes from the title and stays.
    ///
    /// # Errors
    /// For everyone who may not teach; what is wrong in the form.
    pub async fn create(&self, actor: &Actor, form: &CourseForm) -> Result<Course, Problem> {
        let person = actor.person_who_may(Operation::Author)?;
        let facts = form.parse()?;
        let id = CourseId(self.0.mint());
        let now = self.0.now();
        let mut tx = self.begin().await?;
        let base = match slug(&facts.title) {
            made if made.is_empty() => "course".to_owned(),
            made => made,
        };
        let mut slug = base.clone();
        let mut suffix = 1;
        while store::slug_taken(&mut tx, &slug).await? {
            suffix += 1;
            slug = format!("{base}-{suffix}");
        }
        store::insert_course(&mut tx, id, &slug, &facts, person.id, now).await?;
        let course = store::by_id(&mut tx, id).await?.ok_or(CatalogError::NotFound("course"))?;
        tx.commit().await?;
        Ok(course)
    }

    /// Changes a course's facts.
    ///
    /// # Errors
    /// `edited_meanwhile` when the form saw an older version; what is wrong in the form.
    pub async fn edit(&self, actor: &Actor, id: CourseId, form: &CourseForm) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        self.own(&mut tx, actor, Operation::Author, id).await?;
        let facts = form.parse()?;
        if !store::update_course(&mut tx, id, &facts, form.version, self.0.now()).await? {
            return Err(CatalogError::EditedMeanwhile.into());
        }
        Ok(tx.commit().await?)
    }

    /// Chooses the cover among the course's files; `None`: a drawn one.
    ///
    /// # Errors
    /// When the file is not the course's.
    pub async fn set_cover(
        &self,
        actor: &Actor,
        id: CourseId,
        cover: Option<MediaId>,
    ) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        self.own(&mut tx, actor, Operation::Author, id).await?;
        if let Some(cover) = cover
            && self.media_course(&mut tx, cover).await? != id
        {
            return Err(CatalogError::NotFound("file").into());
        }
        store::set_cover(&mut tx, id, cover, self.0.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Adds a module at the end.
    ///
    /// # Errors
    /// When the title is empty or too long.
    pub async fn add_module(
        &self,
        actor: &Actor,
        course: CourseId,
        title: &str,
    ) -> Result<ModuleId, Problem> {
        let mut tx = self.begin().await?;
        self.own(&mut tx, actor, Operation::Author, course).await?;
        let id = ModuleId(self.0.mint());
        store::insert_module(&mut tx, id, course, &module_title(title)?).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Renames a module.
    ///
    /// # Errors
    /// When the title is empty or too long.
    pub async fn rename_module(&self, actor: &Actor, id: ModuleId, title: &str) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        self.own_module(&mut tx, actor, id).await?;
        store::rename_module(&mut tx, id, &module_title(title)?).await?;
        Ok(tx.commit().await?)
    }

    /// Removes a module with its lessons.
    ///
    /// # Errors
    /// For everyone who may not change the course.
    pub async fn remove_module(&self, actor: &Actor, id: ModuleId) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        self.own_module(&mut tx, actor, id).await?;
        store::remove_module(&mut tx, id).await?;
        Ok(tx.commit().await?)
    }

    /// Moves a module to a place, counted from 0; beyond the end means the end.
    ///
    /// # Errors
    /// For everyone who may not change the course.
    pub async fn move_module(&self, actor: &Actor, id: ModuleId, to: u32) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        let course = self.own_module(&mut tx, actor, id).await?;
        let mut order = store::modules(&mut tx, course).await?;
        order.retain(|other| *other != id);
        order.insert((to as usize).min(order.len()), id);
        store::place_modules(&mut tx, &order).await?;
        Ok(tx.commit().await?)
    }

    /// Adds a lesson at the end of a module. Its slug comes from the title and stays.
    ///
    /// # Errors
    /// What is wrong in the form.
    pub async fn add_lesson(
        &self,
        actor: &Actor,
        module: ModuleId,
        form: &LessonForm,
    ) -> Result<LessonId, Problem> {
        let mut tx = self.begin().await?;
        let course = self.own_module(&mut tx, actor, module).await?;
        let facts = form.parse()?;
        let taken = store::lesson_slugs(&mut tx, course).await?;
        let base = match slug(&facts.title) {
            made if made.is_empty() => "lesson".to_owned(),
            made => made,
        };
        let slug = std::iter::once(base.clone())
            .chain((2..).map(|suffix| format!("{base}-{suffix}")))
            .find(|slug| !taken.contains(slug))
            .expect("a finite course leaves a suffix free");
        let id = LessonId(self.0.mint());
        store::insert_lesson(&mut tx, id, course, module, &slug, &facts, self.0.now()).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// A lesson for its editor.
    ///
    /// # Errors
    /// For everyone who may not change the course.
    pub async fn lesson(&self, actor: &Actor, id: LessonId) -> Result<Draft, Problem> {
        let mut conn = self.0.0.db.read().await?;
        let row = self.own_lesson(&mut conn, actor, id).await?;
        Ok(Draft {
            head: row.head()?,
            module: row.module_id,
            body: row.body,
            version: row.version,
            updated_at: row.updated_at,
        })
    }

    /// Changes a lesson.
    ///
    /// # Errors
    /// `edited_meanwhile` when the form saw an older version; what is wrong in the form.
    pub async fn edit_lesson(
        &self,
        actor: &Actor,
        id: LessonId,
        form: &LessonForm,
    ) -> Result<Draft, Problem> {
        let mut tx = self.begin().await?;
        self.own_lesson(&mut tx, actor, id).await?;
        let facts = form.parse()?;
        if !store::update_lesson(&mut tx, id, &facts, form.version, self.0.now()).await? {
            return Err(CatalogError::EditedMeanwhile.into());
        }
        tx.commit().await?;
        self.lesson(actor, id).await
    }

    /// Removes a lesson.
    ///
    /// # Errors
    /// For everyone who may not change the course.
    pub async fn remove_lesson(&self, actor: &Actor, id: LessonId) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        self.own_lesson(&mut tx, actor, id).await?;
        store::remove_lesson(&mut tx, id).await?;
        Ok(tx.commit().await?)
    }

    /// Moves a lesson to a place in a module of the same course, counted from 0; beyond the end
    /// means the end.
    ///
    /// # Errors
    /// When the module is another course's.
    pub async fn move_lesson(
        &self,
        actor: &Actor,
        id: LessonId,
        to_module: ModuleId,
        to: u32,
    ) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        let lesson = self.own_lesson(&mut tx, actor, id).await?;
        if store::module_course(&mut tx, to_module).await? != Some(lesson.course_id) {
            return Err(CatalogError::NotFound("module").into());
        }
        let mut order = store::lessons_of(&mut tx, to_module).await?;
        order.retain(|other| *other != id);
        order.insert((to as usize).min(order.len()), id);
        store::place_lessons(&mut tx, to_module, &order).await?;
        Ok(tx.commit().await?)
    }

    /// Adds a tier with the course's next number.
    ///
    /// # Errors
    /// What is wrong in the form; `no_more_tiers` after the eighth.
    pub async fn add_tier(
        &self,
        actor: &Actor,
        course: CourseId,
        form: &TierForm,
    ) -> Result<TierId, Problem> {
        let mut tx = self.begin().await?;
        self.own(&mut tx, actor, Operation::Author, course).await?;
        let facts = form.parse()?;
        self.can_quote(facts.price)?;
        let id = TierId(self.0.mint());
        store::insert_tier(&mut tx, id, course, &facts).await?.ok_or(CatalogError::NoMoreTiers)?;
        tx.commit().await?;
        Ok(id)
    }

    /// Changes a tier. A price that the chain does not know yet is not for sale until it does.
    ///
    /// # Errors
    /// What is wrong in the form.
    pub async fn edit_tier(&self, actor: &Actor, id: TierId, form: &TierForm) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        self.own_tier(&mut tx, actor, id).await?;
        let facts = form.parse()?;
        self.can_quote(facts.price)?;
        store::update_tier(&mut tx, id, &facts).await?;
        Ok(tx.commit().await?)
    }

    /// A price in a state's currency needs an exchange rate; one in a token, that the site sells for it.
    fn can_quote(&self, price: Price) -> Result<(), Problem> {
        let unit = price.unit();
        if self.0.checkout().units().iter().any(|(known, _)| *known == unit) {
            return Ok(());
        }
        let message = match unit {
            Unit::Fiat(currency) => format!("This site has no exchange rate for {}.", currency.word()),
            _ => "This site does not sell for that token.".to_owned(),
        };
        Err(Problem::field("currency", message))
    }

    /// Sets the money-back window of later sales, in days; 0 or empty: none. The contract fixes at a
    /// course's listing whether it has one.
    ///
    /// # Errors
    /// `days`, beside its field, when it is no number up to 60, or the listing says otherwise.
    pub async fn set_refund_days(&self, actor: &Actor, id: CourseId, days: &str) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        let course = self.own(&mut tx, actor, Operation::Author, id).await?;
        let days = match days.trim() {
            "" => Some(0),
            text => text.parse::<u8>().ok().filter(|days| *days <= MAX_REFUND_DAYS),
        };
        let days = days.ok_or_else(|| {
            Problem::field("days", format!("Write a whole number of days, 0 to {MAX_REFUND_DAYS}."))
        })?;
        for listing in store::listings(&mut tx, course.id).await? {
            let message = match (listing.refund_days, days) {
                (0, 1..) => {
                    "This course was listed without a money-back window, and the contract keeps it so."
                }
                (1.., 0) => {
                    "This course was listed with a money-back window. You can change its length, not end it."
                }
                _ => continue,
            };
            return Err(Problem::field("days", message));
        }
        store::set_refund_days(&mut tx, id, days, self.0.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Stops selling a tier; who bought it keeps it.
    ///
    /// # Errors
    /// For everyone who may not change the course.
    pub async fn remove_tier(&self, actor: &Actor, id: TierId) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        self.own_tier(&mut tx, actor, id).await?;
        store::remove_tier(&mut tx, id).await?;
        Ok(tx.commit().await?)
    }

    /// Markdown as a lesson would show it.
    ///
    /// # Errors
    /// For everyone who may not teach; when it is too long.
    pub async fn preview(&self, actor: &Actor, markdown: &str) -> Result<String, Problem> {
        actor.may(Operation::Author)?;
        let body = crate::text::prose(markdown, 0, super::MAX_LESSON)
            .map_err(|message| Problem::field("body", message))?;
        Ok(crate::content::render(&body))
    }
}
