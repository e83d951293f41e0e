//! SQL of the catalogue: courses and tiers here, their lessons and listings below.

mod listings;
mod outline;

pub(super) use {listings::*, outline::*};

use super::{
    forms::{CourseFacts, TierFacts},
    model::{Course, CourseCard, CourseState, Teacher, Tier},
};
use crate::{
    accounts::display_name,
    ids::{CourseId, MediaId, TierId, UserId},
    money::Wei,
    page::PAGE_SIZE,
    price::Price,
    store::{Conn, StoreError, corrupt, parse, sql, unsigned},
    time::Time,
};

pub(super) fn wei(text: &str) -> Result<Wei, StoreError> {
    parse("an amount", text)
}

fn price(currency: &str, units: &str) -> Result<Price, StoreError> {
    Price::from_stored(currency, units).ok_or_else(|| corrupt("a price", format!("{units} {currency}")))
}

#[derive(sqlx::FromRow)]
struct CardRow {
    id: CourseId,
    slug: String,
    title: String,
    promise: String,
    level: String,
    state: String,
    teacher_name: String,
    teacher_address: Option<String>,
    lessons: i64,
    minutes: i64,
    from_price: Option<String>,
    cover_id: Option<MediaId>,
    updated_at: Time,
}

impl CardRow {
    fn card(self) -> Result<CourseCard, StoreError> {
        Ok(CourseCard {
            id: self.id,
            slug: self.slug,
            title: self.title,
            promise: self.promise,
            level: parse("a level", &self.level)?,
            state: parse("a course's state", &self.state)?,
            teacher: display_name(Some(&self.teacher_name), self.teacher_address.as_deref()),
            lessons: unsigned("a number of lessons", self.lessons)?,
            minutes: unsigned("minutes", self.minutes)?,
            from_price: self
                .from_price
                .as_deref()
                .map(|text| {
                    text.split_once(' ').map_or_else(|| Err(corrupt("a price", text)), |(c, p)| price(c, p))
                })
                .transpose()?,
            cover: self.cover_id,
            updated_at: self.updated_at,
        })
    }
}

/// The lowest price, behind its currency's word and a space: what is free, else one of the lowest of a
/// currency. Decimal text without leading zeros sorts by length, then by digits.
macro_rules! from_price {
    () => {
        "(SELECT t.currency || ' ' || t.price FROM tiers t WHERE t.course_id = c.id AND NOT t.removed
          ORDER BY CASE t.price WHEN '0' THEN 0 ELSE 1 END, t.currency, LENGTH(t.price), t.price LIMIT 1)"
    };
}

macro_rules! card {
    () => {
        concat!(
            "SELECT c.id, c.slug, c.title, c.promise, c.level, c.state, u.name AS teacher_name,
                (SELECT MIN(w.address) FROM wallets w WHERE w.user_id = u.id) AS teacher_address,
                (SELECT COUNT(*) FROM lessons l WHERE l.course_id = c.id) AS lessons,
                (SELECT CAST(COALESCE(SUM(l.minutes), 0) AS BIGINT) FROM lessons l WHERE l.course_id = c.id) AS minutes, ",
            from_price!(),
            " AS from_price, c.cover_id, c.updated_at
             FROM courses c JOIN users u ON u.id = c.teacher_id "
        )
    };
}

/// The course's text or its teacher's name holds the pattern.
macro_rules! says {
    ($pattern:literal) => {
        concat!(
            "(c.search LIKE ",
            $pattern,
            " ESCAPE '!' OR EXISTS
              (SELECT 1 FROM users t WHERE t.id = c.teacher_id AND t.search LIKE ",
            $pattern,
            " ESCAPE '!'))"
        )
    };
}

macro_rules! published {
    () => {
        concat!(
            " WHERE c.state = 'published' AND ",
            says!("$1"),
            " AND ",
            says!("$2"),
            " AND ",
            says!("$3"),
            " AND ($4 = '' OR c.level = $4)
              AND ($5 = '' OR ($5 = 'free' AND ",
            from_price!(),
            " = ' 0') OR ($5 = 'paid' AND ",
            from_price!(),
            " <> ' 0'))"
        )
    };
}

/// Published courses that hold all three patterns, newest first, and how many there are.
pub(super) async fn search(
    conn: &mut Conn,
    words: &[String; 3],
    level: &str,
    price: &str,
    offset: i64,
) -> Result<(Vec<CourseCard>, i64), StoreError> {
    let [a, b, c] = words;
    let rows = sql!(all conn, CardRow,
        concat!(card!(), published!(), " ORDER BY c.published_at DESC, c.id LIMIT $6 OFFSET $7"),
        a, b, c, level, price, i64::from(PAGE_SIZE), offset)?;
    let (total,) = sql!(one conn, (i64,), concat!("SELECT COUNT(*) FROM courses c", published!()), a, b, c, level, price)?;
    Ok((rows.into_iter().map(CardRow::card).collect::<Result<_, _>>()?, total))
}

/// Courses in any state whose text holds the pattern.
pub(super) async fn all(
    conn: &mut Conn,
    like: &str,
    state: &str,
    offset: i64,
) -> Result<(Vec<CourseCard>, i64), StoreError> {
    let rows = sql!(all conn, CardRow,
        concat!(card!(), " WHERE c.search LIKE $1 ESCAPE '!' AND ($2 = '' OR c.state = $2)
            ORDER BY c.updated_at DESC, c.id LIMIT $3 OFFSET $4"),
        like, state, i64::from(PAGE_SIZE), offset)?;
    let (total,) = sql!(one conn, (i64,),
        "SELECT COUNT(*) FROM courses c WHERE c.search LIKE $1 ESCAPE '!' AND ($2 = '' OR c.state = $2)", like, state)?;
    Ok((rows.into_iter().map(CardRow::card).collect::<Result<_, _>>()?, total))
}

pub(super) async fn of_teacher(conn: &mut Conn, teacher: UserId) -> Result<Vec<CourseCard>, StoreError> {
    let rows = sql!(all conn, CardRow, concat!(card!(), " WHERE c.teacher_id = $1 ORDER BY c.updated_at DESC, c.id"), teacher)?;
    rows.into_iter().map(CardRow::card).collect()
}

pub(super) async fn card(conn: &mut Conn, course: CourseId) -> Result<Option<CourseCard>, StoreError> {
    let row = sql!(opt conn, CardRow, concat!(card!(), " WHERE c.id = $1"), course)?;
    row.map(CardRow::card).transpose()
}

#[derive(sqlx::FromRow)]
struct CourseRow {
    id: CourseId,
    slug: String,
    title: String,
    promise: String,
    description: String,
    outcomes: String,
    level: String,
    state: String,
    teacher_id: UserId,
    teacher_name: String,
    teacher_address: Option<String>,
    teacher_bio: String,
    cover_id: Option<MediaId>,
    refund_days: i64,
    version: i64,
    updated_at: Time,
}

impl CourseRow {
    fn course(self) -> Result<Course, StoreError> {
        Ok(Course {
            id: self.id,
            slug: self.slug,
            title: self.title,
            promise: self.promise,
            description: self.description,
            outcomes: self.outcomes.lines().map(str::to_owned).collect(),
            level: parse("a level", &self.level)?,
            state: parse("a course's state", &self.state)?,
            teacher: Teacher {
                id: self.teacher_id,
                name: display_name(Some(&self.teacher_name), self.teacher_address.as_deref()),
                bio: self.teacher_bio,
            },
            cover: self.cover_id,
            refund_days: unsigned("a window", self.refund_days)?,
            version: self.version,
            updated_at: self.updated_at,
        })
    }
}

macro_rules! course {
    () => {
        "SELECT c.id, c.slug, c.title, c.promise, c.description, c.outcomes, c.level, c.state, c.teacher_id,
            u.name AS teacher_name, (SELECT MIN(w.address) FROM wallets w WHERE w.user_id = u.id) AS teacher_address,
            u.bio AS teacher_bio, c.cover_id, c.refund_days, c.version, c.updated_at
         FROM courses c JOIN users u ON u.id = c.teacher_id "
    };
}

pub(super) async fn by_slug(conn: &mut Conn, slug: &str) -> Result<Option<Course>, StoreError> {
    let row = sql!(opt conn, CourseRow, concat!(course!(), "WHERE c.slug = $1"), slug)?;
    row.map(CourseRow::course).transpose()
}

pub(super) async fn by_id(conn: &mut Conn, id: CourseId) -> Result<Option<Course>, StoreError> {
    let row = sql!(opt conn, CourseRow, concat!(course!(), "WHERE c.id = $1"), id)?;
    row.map(CourseRow::course).transpose()
}

#[derive(sqlx::FromRow)]
pub(super) struct TierRow {
    pub id: TierId,
    pub course_id: CourseId,
    number: i64,
    name: String,
    description: String,
    price: String,
    currency: String,
    level: i64,
}

impl TierRow {
    pub(super) fn tier(self) -> Result<Tier, StoreError> {
        Ok(Tier {
            id: self.id,
            number: unsigned("a tier's number", self.number)?,
            name: self.name,
            description: self.description,
            price: price(&self.currency, &self.price)?,
            level: unsigned("a tier's level", self.level)?,
        })
    }
}

pub(super) async fn tiers(conn: &mut Conn, course: CourseId) -> Result<Vec<Tier>, StoreError> {
    let rows = sql!(all conn, TierRow,
        "SELECT id, course_id, number, name, description, price, currency, level FROM tiers
         WHERE course_id = $1 AND NOT removed
         ORDER BY CASE price WHEN '0' THEN 0 ELSE 1 END, currency, LENGTH(price), price, number", course)?;
    rows.into_iter().map(TierRow::tier).collect()
}

pub(super) async fn tier(conn: &mut Conn, id: TierId) -> Result<Option<TierRow>, StoreError> {
    sql!(opt conn, TierRow,
        "SELECT id, course_id, number, name, description, price, currency, level FROM tiers WHERE id = $1 AND NOT removed", id)
}

/// A new tier with the course's next number; `None` when the eight are used up.
pub(super) async fn insert_tier(
    conn: &mut Conn,
    id: TierId,
    course: CourseId,
    facts: &TierFacts,
) -> Result<Option<()>, StoreError> {
    let number = sql!(opt conn, (i64,),
        "UPDATE courses SET tiers_made = tiers_made + 1 WHERE id = $1 AND tiers_made < 8 RETURNING tiers_made - 1", course)?;
    let Some((number,)) = number else { return Ok(None) };
    let (currency, units) = facts.price.stored();
    sql!(run conn,
        "INSERT INTO tiers (id, course_id, number, name, description, price, currency, level, removed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id, course, number, &facts.name, &facts.description, units, currency, i64::from(facts.level), false)?;
    Ok(Some(()))
}

pub(super) async fn update_tier(conn: &mut Conn, id: TierId, facts: &TierFacts) -> Result<(), StoreError> {
    let (currency, units) = facts.price.stored();
    sql!(run conn, "UPDATE tiers SET name = $1, description = $2, price = $3, currency = $4, level = $5 WHERE id = $6",
        &facts.name, &facts.description, units, currency, i64::from(facts.level), id)?;
    Ok(())
}

/// Orders keep pointing at it, so the row stays.
pub(super) async fn remove_tier(conn: &mut Conn, id: TierId) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE tiers SET removed = $1 WHERE id = $2", true, id)?;
    Ok(())
}

fn search_text(facts: &CourseFacts) -> String {
    format!("{}\n{}\n{}", facts.title, facts.promise, facts.description).to_lowercase()
}

pub(super) async fn slug_taken(conn: &mut Conn, slug: &str) -> Result<bool, StoreError> {
    let row = sql!(opt conn, (CourseId,), "SELECT id FROM courses WHERE slug = $1", slug)?;
    Ok(row.is_some())
}

pub(super) async fn insert_course(
    conn: &mut Conn,
    id: CourseId,
    slug: &str,
    facts: &CourseFacts,
    teacher: UserId,
    now: Time,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO courses (id, slug, title, promise, description, outcomes, level, state, teacher_id, cover_id,
            search, version, tiers_made, publish_wanted, created_at, updated_at, published_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'draft', $8, NULL, $9, 1, 0, $10, $11, $11, NULL)",
        id, slug, &facts.title, &facts.promise, &facts.description, facts.outcomes.join("\n"), facts.level.word(),
        teacher, search_text(facts), false, now)?;
    Ok(())
}

/// Whether the version was the newest and the edit is written.
pub(super) async fn update_course(
    conn: &mut Conn,
    id: CourseId,
    facts: &CourseFacts,
    version: i64,
    now: Time,
) -> Result<bool, StoreError> {
    let rows = sql!(run conn,
        "UPDATE courses SET title = $1, promise = $2, description = $3, outcomes = $4, level = $5, search = $6,
            version = version + 1, updated_at = $7 WHERE id = $8 AND version = $9",
        &facts.title, &facts.promise, &facts.description, facts.outcomes.join("\n"), facts.level.word(),
        search_text(facts), now, id, version)?;
    Ok(rows == 1)
}

pub(super) async fn set_state(
    conn: &mut Conn,
    id: CourseId,
    state: CourseState,
    wanted: bool,
    now: Time,
) -> Result<(), StoreError> {
    let published = (state == CourseState::Published).then_some(now);
    sql!(run conn,
        "UPDATE courses SET state = $1, publish_wanted = $2, updated_at = $3, published_at = COALESCE(published_at, $4) WHERE id = $5",
        state.word(), wanted, now, published, id)?;
    Ok(())
}

pub(super) async fn publish_wanted(conn: &mut Conn, id: CourseId) -> Result<bool, StoreError> {
    let row = sql!(opt conn, (bool,), "SELECT publish_wanted FROM courses WHERE id = $1", id)?;
    Ok(row.is_some_and(|(wanted,)| wanted))
}

pub(super) async fn set_refund_days(
    conn: &mut Conn,
    id: CourseId,
    days: u8,
    now: Time,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE courses SET refund_days = $1, updated_at = $2 WHERE id = $3", i64::from(days), now, id)?;
    Ok(())
}

pub(super) async fn set_cover(
    conn: &mut Conn,
    id: CourseId,
    cover: Option<MediaId>,
    now: Time,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE courses SET cover_id = $1, updated_at = $2 WHERE id = $3", cover, now, id)?;
    Ok(())
}
