//! Queued work: a small table, written in the caller's transaction, done at least once.
//!
//! Table: `jobs`. There is one kind so far, settling an order. A job is unique by kind and
//! subject; asking again only makes it earlier. Work is idempotent, so that a worker that dies in
//! the middle of it, or two workers at once, do no harm.

use crate::{
    Academy, Problem,
    ids::{JobId, OrderId},
    store::{Conn, StoreError, sql, sql_rows},
    time::Time,
};

const SETTLE: &str = "settle";
/// A worker that took a job and died gives it back after so long.
const LEASE_MILLIS: i64 = 30_000;
/// The longest pause between two tries.
const LONGEST_PAUSE_MILLIS: i64 = 60_000;

/// Queues the settling of an order, in the caller's transaction.
pub(crate) async fn settle_at(
    conn: &mut Conn,
    academy: &Academy,
    order: OrderId,
    at: Time,
) -> Result<(), StoreError> {
    settle_all_at(conn, academy, &[order], at).await
}

/// Queues the settling of these orders, each named once, in the caller's transaction.
pub(crate) async fn settle_all_at(
    conn: &mut Conn,
    academy: &Academy,
    orders: &[OrderId],
    at: Time,
) -> Result<(), StoreError> {
    sql_rows!(run conn, orders, |order| [JobId(academy.mint()), SETTLE, *order, at],
        "INSERT INTO jobs (id, kind, subject, run_at, asked, attempts, locked_until, last_error) VALUES ",
        "(?, ?, ?, ?, 1, 0, 0, NULL)",
        " ON CONFLICT (kind, subject) DO UPDATE
            SET run_at = CASE WHEN excluded.run_at < jobs.run_at THEN excluded.run_at ELSE jobs.run_at END,
                asked = jobs.asked + 1")
}

#[derive(sqlx::FromRow)]
struct Due {
    id: JobId,
    subject: OrderId,
    asked: i64,
    attempts: i64,
}

/// Takes a chain's due jobs: nobody else does until the lease ends.
async fn take(conn: &mut Conn, chain_id: u64, now: Time) -> Result<Vec<Due>, StoreError> {
    sql!(all conn, Due,
        "UPDATE jobs SET locked_until = $1, attempts = attempts + 1
         WHERE locked_until <= $2 AND id IN
            (SELECT j.id FROM jobs j JOIN orders o ON o.id = j.subject
             WHERE j.run_at <= $2 AND j.locked_until <= $2 AND o.chain_id = $3 ORDER BY j.run_at LIMIT 20)
         RETURNING id, subject, asked, attempts",
        now.plus_millis(LEASE_MILLIS), now, chain_id.cast_signed())
}

/// Gives a job back. One that was asked for again while it was being done stays as it is, and is due.
async fn finish(
    conn: &mut Conn,
    job: &Due,
    again: Option<Time>,
    error: Option<&str>,
) -> Result<(), StoreError> {
    match again {
        None => sql!(run conn, "DELETE FROM jobs WHERE id = $1 AND asked = $2", job.id, job.asked)?,
        Some(at) => {
            sql!(run conn, "UPDATE jobs SET run_at = $1, last_error = $2 WHERE id = $3 AND asked = $4",
            at, error, job.id, job.asked)?
        }
    };
    sql!(run conn, "UPDATE jobs SET locked_until = 0 WHERE id = $1", job.id)?;
    Ok(())
}

fn pause(attempts: i64) -> i64 {
    let doublings = attempts.clamp(0, 16);
    (500_i64 << doublings).min(LONGEST_PAUSE_MILLIS)
}

impl Academy {
    /// Does the work that is due now, chain after chain; answers how many jobs there were.
    ///
    /// # Errors
    /// As [`Academy::run_jobs_of`].
    pub async fn run_jobs_once(&self) -> Result<usize, Problem> {
        let mut done = 0;
        for network in self.0.networks.iter() {
            done += self.run_jobs_of(network.policy.chain_id).await?;
        }
        Ok(done)
    }

    /// Does a chain's work that is due now: it waits for no other chain.
    ///
    /// # Errors
    /// When the database does not answer. A job that fails is tried again later, with longer and
    /// longer pauses.
    pub async fn run_jobs_of(&self, chain_id: u64) -> Result<usize, Problem> {
        let mut tx = self.0.db.begin().await?;
        let due = take(&mut tx, chain_id, self.now()).await?;
        tx.commit().await?;
        self.point("jobs.taken").await;
        for job in &due {
            let outcome = self.checkout().settle(job.subject).await;
            let now = self.now();
            let mut tx = self.0.db.begin().await?;
            let later = now.plus_millis(pause(job.attempts));
            match outcome {
                Ok(settled) if settled.waiting => finish(&mut tx, job, Some(later), None).await?,
                Ok(settled) => finish(&mut tx, job, settled.ends_at, None).await?,
                Err(problem) => finish(&mut tx, job, Some(later), Some(&problem.message)).await?,
            }
            self.point("jobs.before_commit").await;
            tx.commit().await?;
        }
        Ok(due.len())
    }
}
