//! SQL of modules and lessons.

use crate::{
    catalog::{
        forms::LessonFacts,
        model::{LessonHead, Module},
    },
    ids::{CourseId, LessonId, ModuleId},
    store::{Conn, StoreError, sql, unsigned},
    time::Time,
};

#[derive(sqlx::FromRow)]
struct HeadRow {
    id: LessonId,
    module_id: ModuleId,
    slug: String,
    title: String,
    minutes: i64,
    access: i64,
}

impl HeadRow {
    fn head(self) -> Result<LessonHead, StoreError> {
        Ok(LessonHead {
            id: self.id,
            slug: self.slug,
            title: self.title,
            minutes: unsigned("minutes", self.minutes)?,
            access: unsigned("an access level", self.access)?,
        })
    }
}

pub(in crate::catalog) async fn outline(
    conn: &mut Conn,
    course: CourseId,
) -> Result<Vec<Module>, StoreError> {
    let modules = sql!(all conn, (ModuleId, String),
        "SELECT id, title FROM modules WHERE course_id = $1 ORDER BY position, id", course)?;
    let lessons = sql!(all conn, HeadRow,
        "SELECT id, module_id, slug, title, minutes, access FROM lessons WHERE course_id = $1 ORDER BY position, id", course)?;
    let mut outline: Vec<Module> =
        modules.into_iter().map(|(id, title)| Module { id, title, lessons: Vec::new() }).collect();
    for row in lessons {
        if let Some(module) = outline.iter_mut().find(|module| module.id == row.module_id) {
            module.lessons.push(row.head()?);
        }
    }
    Ok(outline)
}

pub(in crate::catalog) async fn module_course(
    conn: &mut Conn,
    id: ModuleId,
) -> Result<Option<CourseId>, StoreError> {
    let row = sql!(opt conn, (CourseId,), "SELECT course_id FROM modules WHERE id = $1", id)?;
    Ok(row.map(|(course,)| course))
}

pub(in crate::catalog) async fn modules(
    conn: &mut Conn,
    course: CourseId,
) -> Result<Vec<ModuleId>, StoreError> {
    let rows = sql!(all conn, (ModuleId,), "SELECT id FROM modules WHERE course_id = $1 ORDER BY position, id", course)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(in crate::catalog) async fn insert_module(
    conn: &mut Conn,
    id: ModuleId,
    course: CourseId,
    title: &str,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO modules (id, course_id, position, title)
         VALUES ($1, $2, (SELECT COALESCE(MAX(position) + 1, 0) FROM modules WHERE course_id = $2), $3)", id, course, title)?;
    Ok(())
}

pub(in crate::catalog) async fn rename_module(
    conn: &mut Conn,
    id: ModuleId,
    title: &str,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE modules SET title = $1 WHERE id = $2", title, id)?;
    Ok(())
}

/// With its lessons.
pub(in crate::catalog) async fn remove_module(conn: &mut Conn, id: ModuleId) -> Result<(), StoreError> {
    sql!(run conn, "DELETE FROM lessons WHERE module_id = $1", id)?;
    sql!(run conn, "DELETE FROM modules WHERE id = $1", id)?;
    Ok(())
}

pub(in crate::catalog) async fn place_modules(conn: &mut Conn, order: &[ModuleId]) -> Result<(), StoreError> {
    for (position, id) in (0_i64..).zip(order) {
        sql!(run conn, "UPDATE modules SET position = $1 WHERE id = $2", position, *id)?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
pub(in crate::catalog) struct DraftRow {
    id: LessonId,
    pub course_id: CourseId,
    pub module_id: ModuleId,
    slug: String,
    title: String,
    pub body: String,
    minutes: i64,
    access: i64,
    pub version: i64,
    pub updated_at: Time,
}

impl DraftRow {
    pub(in crate::catalog) fn head(&self) -> Result<LessonHead, StoreError> {
        HeadRow {
            id: self.id,
            module_id: self.module_id,
            slug: self.slug.clone(),
            title: self.title.clone(),
            minutes: self.minutes,
            access: self.access,
        }
        .head()
    }
}

pub(in crate::catalog) async fn lesson(
    conn: &mut Conn,
    id: LessonId,
) -> Result<Option<DraftRow>, StoreError> {
    sql!(opt conn, DraftRow,
        "SELECT id, course_id, module_id, slug, title, body, minutes, access, version, updated_at FROM lessons WHERE id = $1", id)
}

pub(in crate::catalog) async fn lesson_slugs(
    conn: &mut Conn,
    course: CourseId,
) -> Result<Vec<String>, StoreError> {
    let rows = sql!(all conn, (String,), "SELECT slug FROM lessons WHERE course_id = $1", course)?;
    Ok(rows.into_iter().map(|(slug,)| slug).collect())
}

pub(in crate::catalog) async fn insert_lesson(
    conn: &mut Conn,
    id: LessonId,
    course: CourseId,
    module: ModuleId,
    slug: &str,
    facts: &LessonFacts,
    now: Time,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO lessons (id, course_id, module_id, position, slug, title, body, minutes, access, version, updated_at)
         VALUES ($1, $2, $3, (SELECT COALESCE(MAX(position) + 1, 0) FROM lessons WHERE module_id = $3), $4, $5, $6, $7, $8, 1, $9)",
        id, course, module, slug, &facts.title, &facts.body, i64::from(facts.minutes), i64::from(facts.access), now)?;
    Ok(())
}

pub(in crate::catalog) async fn update_lesson(
    conn: &mut Conn,
    id: LessonId,
    facts: &LessonFacts,
    version: i64,
    now: Time,
) -> Result<bool, StoreError> {
    let rows = sql!(run conn,
        "UPDATE lessons SET title = $1, body = $2, minutes = $3, access = $4, version = version + 1, updated_at = $5
         WHERE id = $6 AND version = $7",
        &facts.title, &facts.body, i64::from(facts.minutes), i64::from(facts.access), now, id, version)?;
    Ok(rows == 1)
}

pub(in crate::catalog) async fn remove_lesson(conn: &mut Conn, id: LessonId) -> Result<(), StoreError> {
    sql!(run conn, "DELETE FROM lessons WHERE id = $1", id)?;
    Ok(())
}

pub(in crate::catalog) async fn lessons_of(
    conn: &mut Conn,
    module: ModuleId,
) -> Result<Vec<LessonId>, StoreError> {
    let rows = sql!(all conn, (LessonId,), "SELECT id FROM lessons WHERE module_id = $1 ORDER BY position, id", module)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(in crate::catalog) async fn place_lessons(
    conn: &mut Conn,
    module: ModuleId,
    order: &[LessonId],
) -> Result<(), StoreError> {
    for (position, id) in (0_i64..).zip(order) {
        sql!(run conn, "UPDATE lessons SET module_id = $1, position = $2 WHERE id = $3", module, position, *id)?;
    }
    Ok(())
}
