//! What people may read, and how far they have come.

use academy::{
    Actor, Kind,
    catalog::LessonForm,
    evm::Address,
    ids::MediaId,
    learning::{EnrollmentState, LessonAnswer, Source},
    page::Filter,
};

use crate::support::{TestCourse, World, lesson_form, on_both_engines, person, refusal, tier_form};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

async fn opens(world: &World, actor: &Actor, course: &TestCourse, lesson: &str) -> bool {
    match world.academy.learning().lesson(actor, &course.slug, lesson).await {
        Ok(LessonAnswer::Open(_)) => true,
        Ok(LessonAnswer::Locked { suspended, .. }) => {
            assert!(!suspended);
            false
        }
        Err(problem) => panic!("{problem:?}"),
    }
}

async fn grant(world: &World, actor: &Actor, course: &TestCourse, level: u8) {
    let address = person(actor).address;
    world.academy.learning().grant(&Actor::System, address, course.id, level, "test").await.unwrap();
}

async fn has_file(world: &World, actor: &Actor, file: MediaId) -> bool {
    match world.academy.learning().media(actor, file).await {
        Ok(found) => found.bytes == PNG,
        Err(problem) => {
            assert_eq!(problem.kind, Kind::NotFound);
            false
        }
    }
}

on_both_engines! {
    async fn case_31_a_paid_lesson_opens_for_those_who_have_it_alone(world: &World) {
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let (buyer, other) = (world.learner().await, world.teacher().await);
        grant(world, &buyer, &course, 1).await;
        for (who, secret) in [
            (&Actor::Visitor, false), (&world.learner().await, false), (&other, false),
            (&buyer, true), (&teacher, true), (&world.admin().await, true),
        ] {
            assert!(opens(world, who, &course, "hello").await, "a preview is for everyone");
            assert_eq!(opens(world, who, &course, "secret").await, secret, "{who:?}");
        }
        for lesson in ["", "nothing", "\0", "../secret", "SECRET"] {
            let answer = world.academy.learning().lesson(&buyer, &course.slug, lesson).await;
            assert_eq!(refusal(answer).0, Kind::NotFound);
        }
        // Nor does the locked answer, or any page around it, hold the text.
        let page = world.academy.catalog().course(&Actor::Visitor, &course.slug).await.unwrap();
        assert!(!format!("{page:?}").contains("The secret."));
        assert_eq!(refusal(world.academy.learning().mark_done(&world.learner().await, course.lesson, true).await).1, "locked");
    }

    async fn case_31_a_paid_file_opens_with_the_lesson_that_shows_it_alone(world: &World) {
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let catalog = world.academy.catalog();
        let (buyer, other) = (world.learner().await, world.teacher().await);
        grant(world, &buyer, &course, 1).await;
        let mut files = Vec::new();
        for name in ["cover", "preview", "paid", "unused"] {
            files.push(catalog.upload(&teacher, course.id, name, PNG.to_vec()).await.unwrap().id);
        }
        let [cover, preview, paid, unused] = files[..] else { panic!("four files") };
        catalog.set_cover(&teacher, course.id, Some(cover)).await.unwrap();
        for (lesson, title, file, access) in [(course.preview, "Hello", preview, 0), (course.lesson, "Secret", paid, 1)] {
            let form = LessonForm { version: 1, ..lesson_form(title, &format!("![a](/media/{file})"), access) };
            catalog.edit_lesson(&teacher, lesson, &form).await.unwrap();
        }
        for (who, expected) in [
            (&Actor::Visitor, [true, true, false, false]),
            (&other, [true, true, false, false]),
            (&buyer, [true, true, true, false]),
            (&teacher, [true, true, true, true]),
        ] {
            for (file, expected) in [cover, preview, paid, unused].into_iter().zip(expected) {
                assert_eq!(has_file(world, who, file).await, expected, "{who:?}");
            }
        }
        let learning = world.academy.learning();
        assert!(learning.media(&Actor::Visitor, cover).await.unwrap().public);
        assert!(!learning.media(&buyer, paid).await.unwrap().public, "no shared cache keeps it");
        assert_eq!(refusal(learning.media(&buyer, MediaId(course.id.0)).await).0, Kind::NotFound);
        // Withdrawn: only those who have the course, and its teacher.
        catalog.withdraw(&teacher, course.id).await.unwrap();
        assert!(!has_file(world, &Actor::Visitor, cover).await);
        assert!(has_file(world, &buyer, cover).await && has_file(world, &buyer, paid).await);
    }

    async fn a_draft_is_hidden_and_a_withdrawn_course_stays_with_its_learners(world: &World) {
        let teacher = world.teacher().await;
        let learning = world.academy.learning();
        let draft = world.draft(&teacher).await;
        for who in [&Actor::Visitor, &world.learner().await, &world.teacher().await] {
            assert_eq!(refusal(learning.lesson(who, &draft.slug, "hello").await).0, Kind::NotFound);
            assert_eq!(refusal(world.academy.catalog().course(who, &draft.slug).await).0, Kind::NotFound);
        }
        assert!(opens(world, &teacher, &draft, "secret").await);
        let course = world.course(&teacher).await;
        let (buyer, late) = (world.learner().await, world.learner().await);
        grant(world, &buyer, &course, 1).await;
        world.academy.catalog().withdraw(&teacher, course.id).await.unwrap();
        assert!(opens(world, &buyer, &course, "secret").await);
        assert_eq!(learning.mine(&buyer).await.unwrap().len(), 1);
        world.academy.catalog().course(&buyer, &course.slug).await.unwrap();
        assert_eq!(refusal(learning.lesson(&late, &course.slug, "hello").await).0, Kind::NotFound);
    }

    async fn a_withdrawn_course_is_still_shown_to_whoever_ordered_it(world: &World) {
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let (buyer, late) = (world.learner().await, world.learner().await);
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.academy.checkout().cancel(&buyer, order.id).await.unwrap();
        world.academy.catalog().withdraw(&teacher, course.id).await.unwrap();
        let (catalog, learning) = (world.academy.catalog(), world.academy.learning());
        catalog.course(&buyer, &course.slug).await.unwrap();
        assert!(!opens(world, &buyer, &course, "secret").await);
        for who in [&Actor::Visitor, &late] {
            assert_eq!(refusal(catalog.course(who, &course.slug).await).0, Kind::NotFound);
            assert_eq!(refusal(learning.lesson(who, &course.slug, "secret").await).0, Kind::NotFound);
        }
        assert_eq!(refusal(world.academy.checkout().open(&buyer, course.tier).await).1, "not_for_sale");
    }

    async fn a_level_opens_what_is_at_most_as_high(world: &World) {
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let deep = lesson_form("Deep", "Deeper.", 2);
        world.academy.catalog().add_lesson(&teacher, course.module, &deep).await.unwrap();
        let learner = world.learner().await;
        for (level, expected) in [(1, [true, false]), (2, [true, true])] {
            grant(world, &learner, &course, level).await;
            let seen = [opens(world, &learner, &course, "secret").await, opens(world, &learner, &course, "deep").await];
            assert_eq!(seen, expected);
        }
        // The highest counts, whatever came last.
        grant(world, &learner, &course, 1).await;
        assert!(opens(world, &learner, &course, "deep").await);
        assert_eq!(learner_rows(world).await, 3);
        assert_eq!(world.academy.learning().mine(&learner).await.unwrap().len(), 1, "one shelf");
    }

    async fn progress_is_kept_and_leads_on(world: &World) {
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let learner = world.learner().await;
        grant(world, &learner, &course, 1).await;
        let learning = world.academy.learning();
        let shelf = |actor: Actor| async move {
            world.academy.learning().mine(&actor).await.unwrap().remove(0)
        };
        let seen = shelf(learner.clone()).await;
        assert_eq!((seen.done, seen.open, seen.continue_at.as_deref()), (0, 2, Some("hello")));
        assert_eq!((seen.source, seen.state), (Source::Grant, EnrollmentState::Active));
        world.advance_minutes(1);
        learning.remember(&learner, course.lesson, 400).await.unwrap();
        assert_eq!(shelf(learner.clone()).await.continue_at.as_deref(), Some("secret"), "where they were");
        world.advance_minutes(1);
        learning.mark_done(&learner, course.lesson, true).await.unwrap();
        let seen = shelf(learner.clone()).await;
        assert_eq!((seen.done, seen.continue_at.as_deref()), (1, Some("hello")));
        assert_eq!(learning.done(&learner, course.id).await.unwrap(), [course.lesson]);
        let LessonAnswer::Open(view) = learning.lesson(&learner, &course.slug, "secret").await.unwrap() else {
            panic!("it is open")
        };
        assert_eq!((view.done, view.position, view.module.as_str()), (true, 400, "One"));
        learning.remember(&learner, course.lesson, u16::MAX).await.unwrap();
        learning.mark_done(&learner, course.lesson, false).await.unwrap();
        assert!(learning.done(&learner, course.id).await.unwrap().is_empty());
        // Another's progress is another's.
        assert!(learning.done(&teacher, course.id).await.unwrap().is_empty());
        assert!(learning.done(&Actor::Visitor, course.id).await.unwrap().is_empty());
    }

    async fn a_free_tier_enrolls_at_once_and_a_paid_one_does_not(world: &World) {
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let free = world.academy.catalog().add_tier(&teacher, course.id, &tier_form("0", 1)).await.unwrap();
        let learner = world.learner().await;
        let learning = world.academy.learning();
        assert_eq!(refusal(learning.enroll_free(&learner, course.tier).await).1, "not_free");
        learning.enroll_free(&learner, free).await.unwrap();
        learning.enroll_free(&learner, free).await.unwrap();
        assert_eq!(learner_rows(world).await, 1);
        assert!(opens(world, &learner, &course, "secret").await);
        let learners = learning.learners(&teacher, course.id).await.unwrap();
        assert_eq!((learners[0].source, learners[0].level), (Source::Free, 1));
        world.academy.catalog().withdraw(&teacher, course.id).await.unwrap();
        assert_eq!(refusal(learning.enroll_free(&world.learner().await, free).await).1, "not_open");
    }

    async fn an_admin_grants_and_revokes_with_a_reason_that_is_kept(world: &World) {
        let (course, _) = world.sale().await;
        let admin = world.admin().await;
        let learning = world.academy.learning();
        let signer = world.signer();
        let wallet = Address(signer.address().0.0);
        for (level, reason, field) in [(1, "", "reason"), (1, "\0", "reason"), (0, "why", "level"), (9, "why", "level")] {
            let problem = learning.grant(&admin, wallet, course.id, level, reason).await.unwrap_err();
            assert_eq!(problem.fields[0].0, field);
        }
        // The log is by time: acts of one moment have no order.
        world.advance_minutes(1);
        // To someone who has never been here.
        learning.grant(&admin, wallet, course.id, 1, "won <a prize>").await.unwrap();
        let learner = world.sign_in(&signer).await;
        assert!(opens(world, &learner, &course, "secret").await);
        let rows = learning.enrollments(&admin, &Filter { q: wallet.to_string(), ..Filter::default() }).await.unwrap();
        assert_eq!((rows.total, rows.rows[0].source), (1, Source::Grant));
        world.advance_minutes(1);
        let id = rows.rows[0].id;
        assert_eq!(refusal(learning.revoke(&admin, id, " ").await).0, Kind::Invalid);
        learning.revoke(&admin, id, "a mistake").await.unwrap();
        assert!(!opens(world, &learner, &course, "secret").await);
        assert_eq!(refusal(learning.revoke(&admin, id, "again").await).1, "already_revoked");
        let access = Filter { q: course.slug.replace('-', " "), ..Filter::default() };
        let log = world.academy.accounts().audit(&admin, &access).await.unwrap();
        let acts: Vec<_> = log.rows.iter().map(|line| (line.act.as_str(), line.reason.as_str())).collect();
        assert_eq!(acts[..2], [("access.revoked", "a mistake"), ("access.granted", "won <a prize>")]);
    }

    async fn what_an_admin_revoked_stays_so_whatever_the_chain_says(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        let admin = world.admin().await;
        let id = world.academy.learning().enrollments(&admin, &Filter::default()).await.unwrap().rows[0].id;
        world.academy.learning().revoke(&admin, id, "refunded").await.unwrap();
        let undone = world.chain.reorg(1);
        world.chain.mine_empty(1);
        world.turn().await;
        world.chain.mine(undone);
        world.chain.mine_empty(5);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
    }
}

async fn learner_rows(world: &World) -> i64 {
    world.count("SELECT COUNT(*) FROM enrollments").await
}
