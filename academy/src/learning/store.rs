//! SQL of learning.

use super::model::{Access, EnrollmentState, Learner, Source};
use crate::{
    accounts::{display_name, parse_address},
    ids::{CourseId, EnrollmentId, LessonId, OrderId, UserId},
    page::{Filter, PAGE_SIZE},
    store::{Conn, StoreError, parse, sql, unsigned},
    time::Time,
};

fn level(value: i64) -> Result<u8, StoreError> {
    unsigned("an access level", value)
}

/// What someone's enrollments in a course open.
pub(super) async fn access(conn: &mut Conn, user: UserId, course: CourseId) -> Result<Access, StoreError> {
    let rows = sql!(all conn, (i64, String), "SELECT level, state FROM enrollments WHERE user_id = $1 AND course_id = $2", user, course)?;
    let mut access = Access::default();
    for (value, state) in rows {
        match parse("an enrollment's state", &state)? {
            EnrollmentState::Active => {
                access.level = access.level.max(level(value)?);
                access.enrolled = true;
            }
            EnrollmentState::Suspended => access.suspended = true,
            EnrollmentState::Revoked | EnrollmentState::Refunded => {}
        }
    }
    Ok(access)
}

pub(super) struct NewEnrollment {
    pub id: EnrollmentId,
    pub user: UserId,
    pub course: CourseId,
    pub order: Option<OrderId>,
    pub level: u8,
    pub source: Source,
    pub state: EnrollmentState,
    pub reason: String,
    pub now: Time,
}

/// Enrols; an order's enrollment exists once, and only changes its state when it comes again. What
/// an admin revoked stays so.
pub(super) async fn put(conn: &mut Conn, new: &NewEnrollment) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO enrollments (id, user_id, course_id, order_id, level, source, state, reason, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (order_id) DO UPDATE SET state = excluded.state WHERE enrollments.state <> 'revoked'",
        new.id, new.user, new.course, new.order, i64::from(new.level), new.source.word(), new.state.word(), &new.reason, new.now)?;
    Ok(())
}

/// Takes an order's access back until its payment is seen again.
pub(super) async fn suspend(conn: &mut Conn, order: OrderId) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE enrollments SET state = 'suspended' WHERE order_id = $1 AND state = 'active'", order)?;
    Ok(())
}

/// Ends an order's access, because its payment went back.
pub(super) async fn refund(conn: &mut Conn, order: OrderId) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE enrollments SET state = 'refunded' WHERE order_id = $1 AND state <> 'revoked'", order)?;
    Ok(())
}

pub(super) async fn revoke(conn: &mut Conn, id: EnrollmentId, reason: &str) -> Result<u64, StoreError> {
    sql!(run conn, "UPDATE enrollments SET state = 'revoked', reason = $1 WHERE id = $2 AND state <> 'revoked'", reason, id)
}

pub(super) async fn course_of(
    conn: &mut Conn,
    id: EnrollmentId,
) -> Result<Option<(UserId, CourseId)>, StoreError> {
    sql!(opt conn, (UserId, CourseId), "SELECT user_id, course_id FROM enrollments WHERE id = $1", id)
}

#[derive(sqlx::FromRow)]
pub(super) struct MineRow {
    pub course_id: CourseId,
    pub source: String,
    pub state: String,
    pub created_at: Time,
}

pub(super) async fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<MineRow>, StoreError> {
    sql!(all conn, MineRow,
        "SELECT course_id, source, state, created_at FROM enrollments
         WHERE user_id = $1 ORDER BY created_at DESC", user)
}

#[derive(sqlx::FromRow)]
struct LearnerRow {
    id: EnrollmentId,
    user_id: UserId,
    course_id: CourseId,
    title: String,
    name: String,
    wallet: String,
    level: i64,
    source: String,
    state: String,
    done: i64,
    created_at: Time,
}

impl LearnerRow {
    fn learner(self) -> Result<Learner, StoreError> {
        Ok(Learner {
            id: self.id,
            user: self.user_id,
            course: self.course_id,
            course_title: self.title,
            name: display_name(Some(&self.name), Some(&self.wallet)),
            wallet: parse_address(&self.wallet)?.checksummed(),
            level: level(self.level)?,
            source: parse("a source", &self.source)?,
            state: parse("an enrollment's state", &self.state)?,
            done: unsigned("a count", self.done)?,
            created_at: self.created_at,
        })
    }
}

macro_rules! learner {
    () => {
        "SELECT e.id, e.user_id, e.course_id, c.title, u.name,
            (SELECT MIN(w.address) FROM wallets w WHERE w.user_id = u.id) AS wallet,
            e.level, e.source, e.state,
            (SELECT COUNT(*) FROM progress p WHERE p.user_id = e.user_id AND p.course_id = e.course_id AND p.done_at IS NOT NULL) AS done,
            e.created_at
         FROM enrollments e JOIN users u ON u.id = e.user_id JOIN courses c ON c.id = e.course_id "
    };
}

macro_rules! matching {
    () => {
        "WHERE ($2 = '' OR e.state = $2) AND (u.search LIKE $1 ESCAPE '!' OR c.search LIKE $1 ESCAPE '!'
            OR EXISTS (SELECT 1 FROM wallets w WHERE w.user_id = u.id AND w.address LIKE $1 ESCAPE '!'))"
    };
}

pub(super) async fn learners(conn: &mut Conn, course: CourseId) -> Result<Vec<Learner>, StoreError> {
    let rows = sql!(all conn, LearnerRow, concat!(learner!(), "WHERE e.course_id = $1 ORDER BY e.created_at DESC LIMIT 1000"), course)?;
    rows.into_iter().map(LearnerRow::learner).collect()
}

pub(super) async fn enrollments(conn: &mut Conn, filter: &Filter) -> Result<(Vec<Learner>, i64), StoreError> {
    let like = filter.like();
    let rows = sql!(all conn, LearnerRow,
        concat!(learner!(), matching!(), " ORDER BY e.created_at DESC, e.id LIMIT $3 OFFSET $4"),
        &like, filter.word(), i64::from(PAGE_SIZE), filter.offset())?;
    let (total,) = sql!(one conn, (i64,),
        concat!("SELECT COUNT(*) FROM enrollments e JOIN users u ON u.id = e.user_id JOIN courses c ON c.id = e.course_id ", matching!()),
        &like, filter.word())?;
    Ok((rows.into_iter().map(LearnerRow::learner).collect::<Result<_, _>>()?, total))
}

#[derive(sqlx::FromRow)]
pub(super) struct ProgressRow {
    pub lesson_id: LessonId,
    pub done_at: Option<Time>,
    pub position: i64,
    pub visited_at: Time,
}

pub(super) async fn progress(
    conn: &mut Conn,
    user: UserId,
    course: CourseId,
) -> Result<Vec<ProgressRow>, StoreError> {
    sql!(all conn, ProgressRow,
        "SELECT lesson_id, done_at, position, visited_at FROM progress WHERE user_id = $1 AND course_id = $2", user, course)
}

/// Marks a lesson done or not; the place is kept.
pub(super) async fn set_done(
    conn: &mut Conn,
    user: UserId,
    lesson: LessonId,
    course: CourseId,
    done_at: Option<Time>,
    now: Time,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO progress (user_id, lesson_id, course_id, done_at, position, visited_at) VALUES ($1, $2, $3, $4, 0, $5)
         ON CONFLICT (user_id, lesson_id) DO UPDATE SET done_at = excluded.done_at, visited_at = excluded.visited_at",
        user, lesson, course, done_at, now)?;
    Ok(())
}

/// Keeps the place in a lesson.
pub(super) async fn set_position(
    conn: &mut Conn,
    user: UserId,
    lesson: LessonId,
    course: CourseId,
    position: u16,
    now: Time,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO progress (user_id, lesson_id, course_id, done_at, position, visited_at) VALUES ($1, $2, $3, NULL, $4, $5)
         ON CONFLICT (user_id, lesson_id) DO UPDATE SET position = excluded.position, visited_at = excluded.visited_at",
        user, lesson, course, i64::from(position), now)?;
    Ok(())
}
