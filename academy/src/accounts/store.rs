//! SQL of accounts.

use uuid::Uuid;

use crate::{
    Academy, Actor,
    evm::Address,
    ids::{AuditId, SessionId, UserId},
    page::{Filter, PAGE_SIZE},
    store::{Conn, StoreError, corrupt, parse, sql},
    time::Time,
};

#[derive(sqlx::FromRow)]
pub(super) struct SessionRow {
    pub id: SessionId,
    pub address: Option<String>,
    pub chain_id: Option<i64>,
    pub contract_chain_id: Option<i64>,
    pub user_id: Option<UserId>,
    pub name: Option<String>,
    pub instructor: Option<bool>,
    pub admin: Option<bool>,
}

/// A session by its token's hash, if it has not expired.
pub(super) async fn session(
    conn: &mut Conn,
    token_hash: &str,
    now: Time,
) -> Result<Option<SessionRow>, StoreError> {
    sql!(opt conn, SessionRow,
        "SELECT s.id, s.address, s.chain_id, w.contract_chain_id, u.id AS user_id, u.name, u.instructor, u.admin
         FROM sessions s
         LEFT JOIN wallets w ON w.address = s.address
         LEFT JOIN users u ON u.id = w.user_id
         WHERE s.token_hash = $1 AND s.expires_at > $2",
        token_hash, now)
}

pub(super) async fn insert_session(
    conn: &mut Conn,
    id: SessionId,
    token_hash: &str,
    wallet: Option<(Address, u64)>,
    now: Time,
    expires_at: Time,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO sessions (id, token_hash, address, chain_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        id, token_hash, wallet.map(|(address, _)| address.to_string()),
        wallet.map(|(_, chain_id)| chain_id.cast_signed()), now, expires_at)?;
    Ok(())
}

pub(super) async fn delete_session(conn: &mut Conn, id: SessionId) -> Result<(), StoreError> {
    sql!(run conn, "DELETE FROM challenges WHERE session_id = $1", id)?;
    sql!(run conn, "DELETE FROM sessions WHERE id = $1", id)?;
    Ok(())
}

/// Forgets what has expired; called where sessions are made, so that the tables stay small.
pub(super) async fn sweep(conn: &mut Conn, now: Time) -> Result<(), StoreError> {
    sql!(run conn, "DELETE FROM challenges WHERE expires_at <= $1", now)?;
    sql!(run conn, "DELETE FROM sessions WHERE expires_at <= $1", now)?;
    Ok(())
}

pub(super) async fn insert_challenge(
    conn: &mut Conn,
    nonce: &str,
    session: SessionId,
    address: Address,
    chain_id: u64,
    message: &str,
    expires_at: Time,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO challenges (nonce, session_id, address, chain_id, message, expires_at, used)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        nonce, session, address.to_string(), chain_id.cast_signed(), message, expires_at, false)?;
    Ok(())
}

/// What a wallet was asked to sign.
pub(super) struct Challenged {
    pub address: Address,
    pub message: String,
    /// The chain that the message names; empty in those from before there were several.
    pub chain_id: Option<u64>,
}

/// Uses a challenge up: what was asked, at most once.
pub(super) async fn use_challenge(
    conn: &mut Conn,
    nonce: &str,
    session: SessionId,
    now: Time,
) -> Result<Option<Challenged>, StoreError> {
    let row = sql!(opt conn, (String, String, Option<i64>),
        "UPDATE challenges SET used = $1
         WHERE nonce = $2 AND session_id = $3 AND used = $4 AND expires_at > $5
           AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = $3 AND s.expires_at > $5)
         RETURNING address, message, chain_id",
        true, nonce, session, false, now)?;
    row.map(|(address, message, chain_id)| {
        let chain_id = chain_id.map(i64::cast_unsigned);
        Ok(Challenged { address: parse_address(&address)?, message, chain_id })
    })
    .transpose()
}

pub(crate) fn parse_address(text: &str) -> Result<Address, StoreError> {
    parse("an address", text)
}

pub(super) async fn user_of(conn: &mut Conn, address: Address) -> Result<Option<UserId>, StoreError> {
    let row =
        sql!(opt conn, (UserId,), "SELECT user_id FROM wallets WHERE address = $1", address.to_string())?;
    Ok(row.map(|(id,)| id))
}

/// From now on a wallet is known as a contract of that chain, if it was not known as one.
pub(super) async fn settle_contract_on(
    conn: &mut Conn,
    address: Address,
    chain_id: u64,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE wallets SET contract_chain_id = $1 WHERE address = $2 AND contract_chain_id IS NULL",
        chain_id.cast_signed(), address.to_string())?;
    Ok(())
}

/// The chain of a wallet that is known as a contract.
pub(super) async fn contract_chain(conn: &mut Conn, address: Address) -> Result<Option<u64>, StoreError> {
    let row = sql!(opt conn, (Option<i64>,),
        "SELECT contract_chain_id FROM wallets WHERE address = $1", address.to_string())?;
    Ok(row.and_then(|(chain_id,)| chain_id).map(i64::cast_unsigned))
}

/// The account of a wallet, made if it is new: of a contract's, for the chain that it is on.
pub(super) async fn ensure_user(
    conn: &mut Conn,
    academy: &Academy,
    address: Address,
    contract_on: Option<u64>,
) -> Result<UserId, StoreError> {
    if let Some(id) = user_of(conn, address).await? {
        return Ok(id);
    }
    let id = UserId(academy.mint());
    let now = academy.now();
    sql!(run conn,
        "INSERT INTO users (id, name, bio, search, instructor, admin, created_at) VALUES ($1, '', '', '', $2, $3, $4)",
        id, false, false, now)?;
    let fresh = sql!(run conn,
        "INSERT INTO wallets (address, user_id, created_at, contract_chain_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (address) DO NOTHING",
        address.to_string(), id, now, contract_on.map(u64::cast_signed))?;
    if fresh == 1 {
        return Ok(id);
    }
    // The same wallet came in twice at once, and the other one was first.
    sql!(run conn, "DELETE FROM users WHERE id = $1", id)?;
    user_of(conn, address).await?.ok_or_else(|| corrupt("a wallet of nobody", address))
}

/// Writing the row takes its lock on both engines.
pub(super) async fn lock_user(conn: &mut Conn, user: UserId) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE users SET name = name WHERE id = $1", user)?;
    Ok(())
}

pub(super) async fn profile(conn: &mut Conn, user: UserId) -> Result<Option<(String, String)>, StoreError> {
    sql!(opt conn, (String, String), "SELECT name, bio FROM users WHERE id = $1", user)
}

pub(super) async fn set_profile(
    conn: &mut Conn,
    user: UserId,
    name: &str,
    bio: &str,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE users SET name = $1, bio = $2, search = $3 WHERE id = $4", name, bio, name.to_lowercase(), user)?;
    Ok(())
}

pub(super) async fn roles(conn: &mut Conn, user: UserId) -> Result<Option<(bool, bool)>, StoreError> {
    sql!(opt conn, (bool, bool), "SELECT instructor, admin FROM users WHERE id = $1", user)
}

pub(super) async fn set_roles(
    conn: &mut Conn,
    user: UserId,
    instructor: bool,
    admin: bool,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE users SET instructor = $1, admin = $2 WHERE id = $3", instructor, admin, user)?;
    Ok(())
}

/// As [`lock_user`], for all admins.
pub(super) async fn lock_admins(conn: &mut Conn) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE users SET admin = admin WHERE admin = $1", true)?;
    Ok(())
}

pub(super) async fn admins(conn: &mut Conn) -> Result<i64, StoreError> {
    let (count,) = sql!(one conn, (i64,), "SELECT COUNT(*) FROM users WHERE admin = $1", true)?;
    Ok(count)
}

#[derive(sqlx::FromRow)]
pub(super) struct UserRecord {
    pub id: UserId,
    pub name: String,
    pub instructor: bool,
    pub admin: bool,
    pub created_at: Time,
}

pub(super) async fn users(conn: &mut Conn, filter: &Filter) -> Result<(Vec<UserRecord>, i64), StoreError> {
    let like = filter.like();
    let rows = sql!(all conn, UserRecord,
        "SELECT u.id, u.name, u.instructor, u.admin, u.created_at FROM users u
         WHERE (u.search LIKE $1 ESCAPE '!'
                OR EXISTS (SELECT 1 FROM wallets w WHERE w.user_id = u.id AND w.address LIKE $1 ESCAPE '!'))
           AND ($2 = '' OR ($2 = 'instructor' AND u.instructor) OR ($2 = 'admin' AND u.admin))
         ORDER BY u.created_at DESC, u.id LIMIT $3 OFFSET $4",
        &like, filter.word(), i64::from(PAGE_SIZE), filter.offset())?;
    let (total,) = sql!(one conn, (i64,),
        "SELECT COUNT(*) FROM users u
         WHERE (u.search LIKE $1 ESCAPE '!'
                OR EXISTS (SELECT 1 FROM wallets w WHERE w.user_id = u.id AND w.address LIKE $1 ESCAPE '!'))
           AND ($2 = '' OR ($2 = 'instructor' AND u.instructor) OR ($2 = 'admin' AND u.admin))",
        &like, filter.word())?;
    Ok((rows, total))
}

pub(super) async fn wallets(conn: &mut Conn, user: UserId) -> Result<Vec<Address>, StoreError> {
    let rows = sql!(all conn, (String,), "SELECT address FROM wallets WHERE user_id = $1 ORDER BY created_at", user)?;
    rows.iter().map(|(address,)| parse_address(address)).collect()
}

#[derive(sqlx::FromRow)]
pub(super) struct AuditRecord {
    pub id: AuditId,
    pub at: Time,
    pub name: Option<String>,
    pub address: Option<String>,
    pub act: String,
    pub subject: String,
    pub reason: String,
}

pub(super) async fn audit_log(
    conn: &mut Conn,
    filter: &Filter,
) -> Result<(Vec<AuditRecord>, i64), StoreError> {
    let like = filter.like();
    let rows = sql!(all conn, AuditRecord,
        "SELECT a.id, a.at, u.name, (SELECT MIN(w.address) FROM wallets w WHERE w.user_id = u.id) AS address,
                a.act, a.subject, a.reason
         FROM audit_log a LEFT JOIN users u ON u.id = a.actor_id
         WHERE (a.search LIKE $1 ESCAPE '!' OR u.search LIKE $1 ESCAPE '!')
           AND ($2 = '' OR a.act = $2)
         ORDER BY a.at DESC, a.id DESC LIMIT $3 OFFSET $4",
        &like, filter.word(), i64::from(PAGE_SIZE), filter.offset())?;
    let (total,) = sql!(one conn, (i64,),
        "SELECT COUNT(*) FROM audit_log a LEFT JOIN users u ON u.id = a.actor_id
         WHERE (a.search LIKE $1 ESCAPE '!' OR u.search LIKE $1 ESCAPE '!')
           AND ($2 = '' OR a.act = $2)",
        &like, filter.word())?;
    Ok((rows, total))
}

/// Writes a line of the audit log, in the caller's transaction.
pub(crate) async fn audit(
    conn: &mut Conn,
    academy: &Academy,
    actor: &Actor,
    act: &str,
    subject: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let id: Uuid = academy.mint();
    sql!(run conn,
        "INSERT INTO audit_log (id, at, actor_id, act, subject, reason, search) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        AuditId(id), academy.now(), actor.user(), act, subject, reason, format!("{subject}\n{reason}").to_lowercase())?;
    Ok(())
}
