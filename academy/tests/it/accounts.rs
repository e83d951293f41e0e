//! Signing in, roles and the audit log.

use academy::{
    Actor, Kind,
    accounts::{GivenRole, Profile},
    chain::ChainError,
    evm::Address,
    page::Filter,
};
use alloy::signers::{SignerSync, local::PrivateKeySigner};

use crate::support::{on_both_engines, person, refusal};

fn address(signer: &PrivateKeySigner) -> Address {
    Address(signer.address().0.0)
}

fn sign(signer: &PrivateKeySigner, message: &str) -> String {
    signer.sign_message_sync(message.as_bytes()).unwrap().to_string()
}

fn stale() -> (Kind, String) {
    (Kind::Conflict, "stale_challenge".to_owned())
}

on_both_engines! {
    async fn signs_in_and_cycles_the_session(world: &World) {
        let accounts = world.academy.accounts();
        let signer = world.signer();
        let before = accounts.start_session().await.unwrap();
        let challenge = accounts.challenge(before.session.id, address(&signer), None).await.unwrap();
        let signature = sign(&signer, &challenge.message);
        let after = accounts.sign_in(before.session.id, &challenge.nonce, &signature).await.unwrap();
        assert_ne!(after.token, before.token);
        assert_ne!(after.session.id, before.session.id);
        assert_eq!(person(&after.session.actor).address, address(&signer));
        assert!(accounts.session(&before.token).await.unwrap().is_none(), "the old token is dead");
        let found = accounts.session(&after.token).await.unwrap().unwrap();
        assert_eq!(found, after.session);
        // The same wallet is the same account.
        let again = world.sign_in(&signer).await;
        assert_eq!(person(&again).id, person(&after.session.actor).id);

        accounts.sign_out(&after.token).await.unwrap();
        assert!(accounts.session(&after.token).await.unwrap().is_none());
        for odd in ["", "x", "\0", &"é".repeat(32), &"0".repeat(64)] {
            assert!(accounts.session(odd).await.unwrap().is_none());
        }
    }

    async fn the_message_names_this_site_whatever_the_request_says(world: &World) {
        let accounts = world.academy.accounts();
        let signer = world.signer();
        let session = accounts.start_session().await.unwrap().session.id;
        let message = accounts.challenge(session, address(&signer), None).await.unwrap().message;
        assert!(message.starts_with("learn.example:8443 wants you to sign in"), "{message}");
        for line in ["\nURI: https://learn.example:8443\n", "\nChain ID: 31337\n", "\nIssued At: 2027-01-15T08:00:00Z\n"] {
            assert!(message.contains(line), "{line} is missing in {message}");
        }
        assert!(message.contains(&address(&signer).checksummed()));
    }

    async fn case_23_a_sign_in_message_is_good_once(world: &World) {
        let accounts = world.academy.accounts();
        let signer = world.signer();
        let session = accounts.start_session().await.unwrap().session.id;
        let challenge = accounts.challenge(session, address(&signer), None).await.unwrap();
        let signature = sign(&signer, &challenge.message);
        accounts.sign_in(session, &challenge.nonce, &signature).await.unwrap();
        assert_eq!(refusal(accounts.sign_in(session, &challenge.nonce, &signature).await), stale());
        let fresh = accounts.start_session().await.unwrap().session.id;
        assert_eq!(refusal(accounts.sign_in(fresh, &challenge.nonce, &signature).await), stale());
    }

    async fn case_23_a_sign_in_message_belongs_to_its_session(world: &World) {
        let accounts = world.academy.accounts();
        let signer = world.signer();
        let mine = accounts.start_session().await.unwrap().session.id;
        let thief = accounts.start_session().await.unwrap().session.id;
        let challenge = accounts.challenge(mine, address(&signer), None).await.unwrap();
        let signature = sign(&signer, &challenge.message);
        assert_eq!(refusal(accounts.sign_in(thief, &challenge.nonce, &signature).await), stale());
        // The thief's try took nothing from its owner.
        accounts.sign_in(mine, &challenge.nonce, &signature).await.unwrap();
    }

    async fn case_23_a_sign_in_message_expires(world: &World) {
        let accounts = world.academy.accounts();
        let signer = world.signer();
        let session = accounts.start_session().await.unwrap().session.id;
        let challenge = accounts.challenge(session, address(&signer), None).await.unwrap();
        let signature = sign(&signer, &challenge.message);
        world.advance_minutes(10);
        assert_eq!(refusal(accounts.sign_in(session, &challenge.nonce, &signature).await), stale());
    }

    async fn a_wrong_signature_uses_the_challenge_up(world: &World) {
        let accounts = world.academy.accounts();
        let (signer, other) = (world.signer(), world.signer());
        for bad in [sign(&other, "hello"), String::new(), "0x".to_owned(), "\0".to_owned(), "f".repeat(10_000)] {
            let session = accounts.start_session().await.unwrap().session.id;
            let challenge = accounts.challenge(session, address(&signer), None).await.unwrap();
            let (kind, code) = refusal(accounts.sign_in(session, &challenge.nonce, &bad).await);
            assert_eq!((kind, code.as_str()), (Kind::Invalid, "wrong_signature"));
            let right = sign(&signer, &challenge.message);
            assert_eq!(refusal(accounts.sign_in(session, &challenge.nonce, &right).await), stale());
        }
        let session = accounts.start_session().await.unwrap().session.id;
        for nonce in ["", "\0", "'; DROP TABLE users; --", &"a".repeat(100_000)] {
            assert_eq!(refusal(accounts.sign_in(session, nonce, "0x").await), stale(), "{nonce:.20}");
        }
    }

    async fn case_20_a_wallet_that_is_a_contract_signs_in_by_its_own_word(world: &World) {
        let accounts = world.academy.accounts();
        let wallet = Address([0x5a; 20]);
        world.chain.approve(wallet, vec![7; 300]);
        let try_in = async |signature: &[u8]| {
            let session = accounts.start_session().await.unwrap().session.id;
            let challenge = accounts.challenge(session, wallet, None).await.unwrap();
            accounts.sign_in(session, &challenge.nonce, &alloy::hex::encode_prefixed(signature)).await
        };
        let signed_in = try_in(&[7; 300]).await.unwrap();
        assert_eq!(person(&signed_in.session.actor).address, wallet);
        assert_eq!(refusal(try_in(&[8; 300]).await).1, "wrong_signature");
        // A chain that does not answer lets nobody in, and blames nobody.
        world.chain.fail_with(Some(ChainError::Unavailable("down".to_owned())));
        assert_eq!(refusal(try_in(&[7; 300]).await), (Kind::Unavailable, "chain_unreachable".to_owned()));
        // Keys need no chain.
        world.sign_in(&world.signer()).await;
    }

    async fn case_21_an_account_with_code_still_signs_with_its_key(world: &World) {
        let signer = world.signer();
        // EIP-7702: a delegation to somebody's code, which knows nothing of signatures.
        let delegation = [&[0xef, 0x01, 0x00][..], &[0x77; 20]].concat();
        world.chain.put_code(address(&signer), delegation);
        let actor = world.sign_in(&signer).await;
        assert_eq!(person(&actor).address, address(&signer));
    }

    async fn a_session_ends(world: &World) {
        let accounts = world.academy.accounts();
        let anonymous = accounts.start_session().await.unwrap();
        world.advance_minutes(60);
        assert!(accounts.session(&anonymous.token).await.unwrap().is_none());
        let signer = world.signer();
        let gone = accounts.challenge(anonymous.session.id, address(&signer), None).await;
        if let Ok(challenge) = gone {
            let signature = sign(&signer, &challenge.message);
            let late = accounts.sign_in(anonymous.session.id, &challenge.nonce, &signature).await;
            assert_eq!(refusal(late), stale(), "a session that ended signs nobody in");
        }
    }

    async fn roles_come_and_go_and_the_log_says_who_and_why(world: &World) {
        let accounts = world.academy.accounts();
        let (admin, signer) = (world.admin().await, world.signer());
        let user = person(&world.sign_in(&signer).await).id;
        world.advance_minutes(1);
        accounts.set_role(&admin, user, GivenRole::Instructor, true, "teaches <b>Rust</b>").await.unwrap();
        assert!(person(&world.sign_in(&signer).await).instructor);
        // Done already: nothing happens, and the log says nothing.
        accounts.set_role(&admin, user, GivenRole::Instructor, true, "again").await.unwrap();
        world.advance_minutes(1);
        accounts.set_role(&admin, user, GivenRole::Instructor, false, "left").await.unwrap();
        assert!(!person(&world.sign_in(&signer).await).instructor);
        let log = accounts.audit(&admin, &Filter::default()).await.unwrap();
        let acts: Vec<_> = log.rows.iter().map(|line| (line.act.as_str(), line.reason.as_str())).collect();
        assert_eq!(acts, [("role.taken", "left"), ("role.given", "teaches <b>Rust</b>"), ("role.given", "test")]);
        assert!(log.rows[0].subject.contains(&address(&signer).checksummed()));
        assert_eq!(log.rows[2].actor, "site");
        for reason in ["", "  ", "\0", &"x".repeat(301)] {
            let refused = accounts.set_role(&admin, user, GivenRole::Instructor, true, reason).await;
            assert_eq!(refusal(refused).0, Kind::Invalid);
        }
        assert_eq!(accounts.audit(&admin, &Filter::default()).await.unwrap().total, 3);
    }

    async fn a_role_that_can_not_be_logged_is_not_given(world: &World) {
        let accounts = world.academy.accounts();
        let (admin, learner) = (world.admin().await, world.learner().await);
        let user = learner.user().unwrap();
        world.execute("ALTER TABLE audit_log RENAME TO audit_log_elsewhere".to_owned()).await;
        let given = accounts.set_role(&admin, user, GivenRole::Instructor, true, "teaches").await;
        assert_eq!(refusal(given).0, Kind::Internal);
        assert_eq!(world.count("SELECT COUNT(*) FROM users WHERE instructor").await, 0);
    }

    async fn the_last_admin_stays(world: &World) {
        let accounts = world.academy.accounts();
        let (one, two) = (world.admin().await, world.admin().await);
        let taken = |by, of| async move {
            world.academy.accounts().set_role(by, person(of).id, GivenRole::Admin, false, "test").await
        };
        taken(&one, &two).await.unwrap();
        assert_eq!(refusal(taken(&one, &one).await).1, "last_admin");
        assert_eq!(refusal(taken(&Actor::System, &one).await).1, "last_admin");
        let admins = Filter { state: "admin".to_owned(), ..Filter::default() };
        assert_eq!(accounts.users(&one, &admins).await.unwrap().total, 1);
    }

    async fn lists_take_any_filter(world: &World) {
        let accounts = world.academy.accounts();
        let admin = world.admin().await;
        accounts.set_profile(&admin, &Profile { name: "A_b%c!".to_owned(), bio: String::new() }).await.unwrap();
        for (q, found) in [("a_b%c!", 1), ("a%c", 0), ("_", 1), ("\0", 1), ("' OR 1=1 --", 0), ("axb", 0)] {
            let filter = Filter { q: q.to_owned(), ..Filter::default() };
            assert_eq!(accounts.users(&admin, &filter).await.unwrap().total, found, "{q}");
        }
        accounts.set_profile(&admin, &Profile { name: "Ödön ÉLŐ".to_owned(), bio: String::new() }).await.unwrap();
        accounts.set_role(&admin, admin.user().unwrap(), GivenRole::Instructor, true, "ÜBUNG").await.unwrap();
        for q in ["ödön élő", "ÖDÖN", "élŐ"] {
            let filter = Filter { q: q.to_owned(), ..Filter::default() };
            assert_eq!(accounts.users(&admin, &filter).await.unwrap().total, 1, "{q}");
            assert_eq!(accounts.audit(&admin, &filter).await.unwrap().total, 1, "{q}");
        }
        let reason = Filter { q: "übung".to_owned(), ..Filter::default() };
        assert_eq!(accounts.audit(&admin, &reason).await.unwrap().total, 1);
        for state in ["\0", "'", "nonsense", "é"] {
            let filter = Filter { state: state.to_owned(), page: u32::MAX, ..Filter::default() };
            assert_eq!(accounts.users(&admin, &filter).await.unwrap().total, 0);
            assert_eq!(accounts.audit(&admin, &filter).await.unwrap().total, 0);
            assert_eq!(world.academy.checkout().orders(&admin, &filter).await.unwrap().total, 0);
            assert_eq!(world.academy.checkout().payments(&admin, &filter).await.unwrap().total, 0);
            assert_eq!(world.academy.learning().enrollments(&admin, &filter).await.unwrap().total, 0);
            assert_eq!(world.academy.catalog().all(&admin, &filter).await.unwrap().total, 0);
        }
    }

    async fn a_profile_keeps_what_was_written(world: &World) {
        let accounts = world.academy.accounts();
        let learner = world.learner().await;
        let profile = Profile {
            name: "<b>O'Hara</b>; DROP TABLE users;-- Ünï 𝒞".to_owned(),
            bio: "%_! \"<script>alert(1)</script>\"\n2 → 3".to_owned(),
        };
        accounts.set_profile(&learner, &profile).await.unwrap();
        assert_eq!(accounts.profile(&learner).await.unwrap(), profile);
        for name in ["a\0b", "two\nlines", &"x".repeat(61)] {
            let profile = Profile { name: name.to_owned(), bio: String::new() };
            assert_eq!(refusal(accounts.set_profile(&learner, &profile).await).0, Kind::Invalid);
        }
    }
}
