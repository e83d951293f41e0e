//! Signing in, roles and the audit log.

use sha2::{Digest, Sha256};

use super::{
    error::AccountsError,
    model::{AuditEntry, Challenge, GivenRole, Profile, UserRow},
    siwe,
    store::{self, Challenged},
};
use crate::{
    Academy, Actor, Operation, Person, Problem,
    checkout::Network,
    evm::Address,
    ids::{SessionId, UserId},
    page::{Filter, Page},
    store::change_public,
    text::line,
};

/// A challenge can be signed for so long.
const CHALLENGE_MINUTES: i64 = 10;
/// A session lasts so long: 30 days.
const SESSION_MINUTES: i64 = 30 * 24 * 60;
/// Before signing in, a session is only there to bind a challenge to.
const ANONYMOUS_MINUTES: i64 = 60;

/// What the site calls itself when it asks for a signature. From the configuration, never from a
/// request's Host header.
#[derive(Clone, Debug)]
pub struct Site {
    /// Host and port, RFC 3986 authority.
    pub domain: String,
    /// The public URL.
    pub uri: String,
    /// The site's name.
    pub name: String,
}

/// How a wallet signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signed {
    WithKey,
    /// By the word of its code (ERC-1271), which is on one chain; on another one, the same address may be
    /// somebody else's.
    AsContract,
}

/// A browser's session and who is behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Who.
    pub actor: Actor,
}

/// A session just made, with the only copy of its token.
pub struct NewSession {
    /// For the cookie; the database keeps only its SHA-256.
    pub token: String,
    /// The session.
    pub session: Session,
}

/// The accounts service.
pub struct Accounts<'a>(pub(crate) &'a Academy);

fn token_hash(token: &str) -> String {
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Accounts<'_> {
    /// The session of a cookie's token; `None` if there is none, or it has expired.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, Problem> {
        if token.len() != 64 || !token.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let mut conn = self.0.0.db.read().await?;
        let Some(row) = store::session(&mut conn, &token_hash(token), self.0.now()).await? else {
            return Ok(None);
        };
        let actor = match (row.user_id, row.address) {
            (Some(id), Some(address)) => {
                let address = store::parse_address(&address)?;
                Actor::Person(Person {
                    id,
                    address,
                    address_text: address.checksummed(),
                    chain_id: row.chain_id.map(i64::cast_unsigned),
                    contract_on: row.contract_chain_id.map(i64::cast_unsigned),
                    name: row.name.unwrap_or_default(),
                    instructor: row.instructor.unwrap_or(false),
                    admin: row.admin.unwrap_or(false),
                })
            }
            _ => Actor::Visitor,
        };
        Ok(Some(Session { id: row.id, actor }))
    }

    /// An anonymous session, to ask for a challenge in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn start_session(&self) -> Result<NewSession, Problem> {
        let token = crate::entropy::token(&*self.0.0.entropy);
        let id = SessionId(self.0.mint());
        let now = self.0.now();
        let mut tx = self.0.0.db.begin().await?;
        store::sweep(&mut tx, now).await?;
        store::insert_session(
            &mut tx,
            id,
            &token_hash(&token),
            None,
            now,
            now.plus_minutes(ANONYMOUS_MINUTES),
        )
        .await?;
        tx.commit().await?;
        Ok(NewSession { token, session: Session { id, actor: Actor::Visitor } })
    }

    /// An EIP-4361 message for a wallet to sign, good once, in this session, for ten minutes. It is for the
    /// chain that the wallet is on, if the site sells there; else for the site's first.
    ///
    /// # Errors
    /// When the database does not answer, or the session is gone.
    pub async fn challenge(
        &self,
        session: SessionId,
        address: Address,
        wallet_on: Option<u64>,
    ) -> Result<Challenge, Problem> {
        let nonce = crate::entropy::token(&*self.0.0.entropy);
        let now = self.0.now();
        let expires_at = now.plus_minutes(CHALLENGE_MINUTES);
        let (site, networks) = (&self.0.0.site, &self.0.0.networks);
        let network = wallet_on.and_then(|chain_id| networks.find(chain_id)).unwrap_or(networks.first());
        let chain_id = network.policy.chain_id;
        let message = siwe::Message {
            domain: &site.domain,
            address,
            statement: &format!("Sign in to {}. This costs nothing and moves no money.", site.name),
            uri: &site.uri,
            chain_id,
            nonce: &nonce,
            issued_at: now,
            expires_at,
        }
        .to_string();
        let mut tx = self.0.0.db.begin().await?;
        store::insert_challenge(&mut tx, &nonce, session, address, chain_id, &message, expires_at).await?;
        tx.commit().await?;
        Ok(Challenge { nonce, message })
    }

    /// Checks the signature over a challenge of this session and signs its wallet in: the account
    /// is made if it is new, and the session is replaced by one with a new id and token, so that
    /// whoever knew the old one knows nothing.
    ///
    /// # Errors
    /// `stale_challenge` or `wrong_signature`; either way the challenge is used up. `chain_unreachable` where
    /// a wallet that is a contract can't be asked.
    #[tracing::instrument(skip_all, fields(%session))]
    pub async fn sign_in(
        &self,
        session: SessionId,
        nonce: &str,
        signature: &str,
    ) -> Result<NewSession, Problem> {
        let now = self.0.now();
        if !nonce.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(AccountsError::StaleChallenge.into());
        }
        let mut tx = self.0.0.db.begin().await?;
        let used = store::use_challenge(&mut tx, nonce, session, now).await?;
        let Some(Challenged { address, message, chain_id }) = used else {
            return Err(AccountsError::StaleChallenge.into());
        };
        tx.commit().await?;
        let networks = &self.0.0.networks;
        let network = networks.get(chain_id.unwrap_or(networks.first().policy.chain_id))?;
        let signed = self.signed(network, &message, signature, address).await?;
        let signed = signed.ok_or(AccountsError::WrongSignature)?;
        let mut tx = self.0.0.db.begin().await?;
        let chain_id = network.policy.chain_id;
        let contract_on = (signed == Signed::AsContract).then_some(chain_id);
        let user = store::ensure_user(&mut tx, self.0, address, contract_on).await?;
        if let Some(chain_id) = contract_on {
            let home = store::contract_chain(&mut tx, address).await?;
            let home = home.unwrap_or(networks.first().policy.chain_id);
            if home != chain_id {
                return Err(AccountsError::OtherNetwork(networks.name(home)).into());
            }
            store::settle_contract_on(&mut tx, address, chain_id).await?;
        }
        store::delete_session(&mut tx, session).await?;
        let token = crate::entropy::token(&*self.0.0.entropy);
        let id = SessionId(self.0.mint());
        store::insert_session(
            &mut tx,
            id,
            &token_hash(&token),
            Some((address, chain_id)),
            now,
            now.plus_minutes(SESSION_MINUTES),
        )
        .await?;
        tx.commit().await?;
        tracing::info!(%user, %address, "signed in");
        let session = self.session(&token).await?.ok_or(AccountsError::StaleChallenge)?;
        Ok(NewSession { token, session })
    }

    /// How a wallet signed a message, if it did: with its key, or, if it is a contract, as it says itself. No
    /// transaction is open, because the chain may be asked.
    async fn signed(
        &self,
        network: &Network,
        message: &str,
        signature: &str,
        address: Address,
    ) -> Result<Option<Signed>, Problem> {
        let Some(signature) = siwe::read(signature) else { return Ok(None) };
        if siwe::signed_by(message, &signature, address) {
            return Ok(Some(Signed::WithKey));
        }
        let approves = network.chain.approves(address, siwe::hash(message), &signature).await?;
        Ok(approves.then_some(Signed::AsContract))
    }

    /// Ends the session of a token.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sign_out(&self, token: &str) -> Result<(), Problem> {
        if let Some(session) = self.session(token).await? {
            let mut tx = self.0.0.db.begin().await?;
            store::delete_session(&mut tx, session.id).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// What I say about myself.
    ///
    /// # Errors
    /// For visitors.
    pub async fn profile(&self, actor: &Actor) -> Result<Profile, Problem> {
        let person = actor.person_who_may(Operation::EditProfile)?;
        let mut conn = self.0.0.db.read().await?;
        let (name, bio) = store::profile(&mut conn, person.id).await?.ok_or(AccountsError::NoSuchUser)?;
        Ok(Profile { name, bio })
    }

    /// Changes what I say about myself.
    ///
    /// # Errors
    /// For visitors, and for text that is too long.
    pub async fn set_profile(&self, actor: &Actor, profile: &Profile) -> Result<(), Problem> {
        let person = actor.person_who_may(Operation::EditProfile)?;
        let parsed = profile.parse()?;
        let mut tx = self.0.0.db.begin().await?;
        store::set_profile(&mut tx, person.id, &parsed.name, &parsed.bio).await?;
        change_public(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// All users, newest first. The filter's state is a role's word.
    ///
    /// # Errors
    /// For everyone but admins.
    pub async fn users(&self, actor: &Actor, filter: &Filter) -> Result<Page<UserRow>, Problem> {
        actor.may(Operation::SeeUsers)?;
        let mut conn = self.0.0.db.read().await?;
        let (records, total) = store::users(&mut conn, filter).await?;
        let mut rows = Vec::with_capacity(records.len());
        for user in records {
            let wallets = store::wallets(&mut conn, user.id).await?;
            rows.push(UserRow {
                id: user.id,
                name: user.name,
                wallets: wallets.iter().map(Address::checksummed).collect(),
                instructor: user.instructor,
                admin: user.admin,
                created_at: user.created_at,
            });
        }
        Ok(Page { rows, total: u32::try_from(total).unwrap_or(u32::MAX), number: filter.number() })
    }

    /// Gives or takes a role. Doing what is done already changes nothing.
    ///
    /// # Errors
    /// For everyone but admins; without a reason; when it would leave no admin.
    pub async fn set_role(
        &self,
        actor: &Actor,
        user: UserId,
        role: GivenRole,
        given: bool,
        reason: &str,
    ) -> Result<(), Problem> {
        actor.may(Operation::SetRoles)?;
        let reason = line(reason, 1, 300).map_err(|_| AccountsError::NoReason)?;
        let mut tx = self.0.0.db.begin().await?;
        self.change_role(&mut tx, actor, user, role, given, &reason).await?;
        tx.commit().await?;
        Ok(())
    }

    /// As [`Accounts::set_role`], for a wallet that may not have signed in yet.
    ///
    /// # Errors
    /// As [`Accounts::set_role`].
    pub async fn set_role_of_address(
        &self,
        actor: &Actor,
        address: Address,
        role: GivenRole,
        given: bool,
        reason: &str,
    ) -> Result<UserId, Problem> {
        actor.may(Operation::SetRoles)?;
        let reason = line(reason, 1, 300).map_err(|_| AccountsError::NoReason)?;
        let mut tx = self.0.0.db.begin().await?;
        let user = store::ensure_user(&mut tx, self.0, address, None).await?;
        self.change_role(&mut tx, actor, user, role, given, &reason).await?;
        tx.commit().await?;
        Ok(user)
    }

    async fn change_role(
        &self,
        conn: &mut crate::store::Conn,
        actor: &Actor,
        user: UserId,
        role: GivenRole,
        given: bool,
        reason: &str,
    ) -> Result<(), Problem> {
        if role == GivenRole::Admin && !given {
            // Two admins who take each other's role at once: the second sees what the first left.
            store::lock_admins(conn).await?;
        }
        let (instructor, admin) = store::roles(conn, user).await?.ok_or(AccountsError::NoSuchUser)?;
        let (new_instructor, new_admin) = match role {
            GivenRole::Instructor => (given, admin),
            GivenRole::Admin => (instructor, given),
        };
        if (instructor, admin) == (new_instructor, new_admin) {
            return Ok(());
        }
        if admin && !new_admin && store::admins(conn).await? <= 1 {
            return Err(AccountsError::LastAdmin.into());
        }
        store::set_roles(conn, user, new_instructor, new_admin).await?;
        let act = if given { "role.given" } else { "role.taken" };
        let who = store::wallets(conn, user).await?.first().map(Address::checksummed).unwrap_or_default();
        store::audit(conn, self.0, actor, act, &format!("{} · {who}", role.word()), reason).await?;
        Ok(())
    }

    /// The account of a wallet, made if it is new: for grants to someone who never signed in.
    pub(crate) async fn ensure(
        &self,
        conn: &mut crate::store::Conn,
        address: Address,
    ) -> Result<UserId, Problem> {
        Ok(store::ensure_user(conn, self.0, address, None).await?)
    }

    /// Nobody else who takes this lock goes on until the caller's transaction ends.
    pub(crate) async fn lock(&self, conn: &mut crate::store::Conn, user: UserId) -> Result<(), Problem> {
        Ok(store::lock_user(conn, user).await?)
    }

    /// The chain of a wallet that is known as a contract: on others its address may be somebody else's.
    pub(crate) async fn contract_chain(
        &self,
        conn: &mut crate::store::Conn,
        address: Address,
    ) -> Result<Option<u64>, Problem> {
        Ok(store::contract_chain(conn, address).await?)
    }

    /// The wallets of an account, oldest first.
    pub(crate) async fn wallets(
        &self,
        conn: &mut crate::store::Conn,
        user: UserId,
    ) -> Result<Vec<Address>, Problem> {
        Ok(store::wallets(conn, user).await?)
    }

    /// The audit log, newest first. The filter's state is an act, such as `role.given`.
    ///
    /// # Errors
    /// For everyone but admins.
    pub async fn audit(&self, actor: &Actor, filter: &Filter) -> Result<Page<AuditEntry>, Problem> {
        actor.may(Operation::ReadAudit)?;
        let mut conn = self.0.0.db.read().await?;
        let (records, total) = store::audit_log(&mut conn, filter).await?;
        let rows = records
            .into_iter()
            .map(|record| AuditEntry {
                id: record.id,
                at: record.at,
                actor: display_name(record.name.as_deref(), record.address.as_deref()),
                act: record.act,
                subject: record.subject,
                reason: record.reason,
            })
            .collect();
        Ok(Page { rows, total: u32::try_from(total).unwrap_or(u32::MAX), number: filter.number() })
    }
}

/// A name, or a shortened address, or `site` for the system.
pub(crate) fn display_name(name: Option<&str>, address: Option<&str>) -> String {
    match (name, address.map(str::parse::<Address>)) {
        (Some(name), _) if !name.is_empty() => name.to_owned(),
        (_, Some(Ok(address))) => short(&address.checksummed()),
        _ => "site".to_owned(),
    }
}

/// `0x71C7…976F`.
fn short(address: &str) -> String {
    format!("{}…{}", &address[..6], &address[38..])
}
