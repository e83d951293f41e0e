//! Making courses.

use academy::{
    Actor, Kind,
    catalog::{CourseForm, CourseState, LessonForm, MAX_MEDIA, MAX_TIERS, TierForm, content_type_of},
    ids::CourseId,
};

use crate::support::{TestCourse, World, course_form, lesson_form, on_both_engines, refusal, tier_form};

/// What people try in every field.
const HOSTILE: &[&str] = &[
    "Robert'); DROP TABLE courses;--",
    "<script>alert(1)</script>",
    "100% _sure_ !really! \\ and \"quoted\"",
    "Ünïcödé 𝒞 学 עברית 🎓",
    "${7*7} {{7*7}} %s %n $1 ?",
];

/// The outline as titles.
async fn titles(world: &World, actor: &Actor, course: CourseId) -> Vec<(String, Vec<String>)> {
    let page = world.academy.catalog().studio(actor, course).await.unwrap();
    let lessons =
        |module: &academy::catalog::Module| module.lessons.iter().map(|l| l.title.clone()).collect();
    page.outline.iter().map(|module| (module.title.clone(), lessons(module))).collect()
}

fn outline(modules: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let owned = |lessons: &[&str]| lessons.iter().map(|lesson| (*lesson).to_owned()).collect();
    modules.iter().map(|(module, lessons)| ((*module).to_owned(), owned(lessons))).collect()
}

fn field(problem: Result<impl Sized, academy::Problem>) -> String {
    let problem = problem.err().expect("it was allowed");
    assert_eq!(problem.kind, Kind::Invalid);
    problem.fields[0].0.clone()
}

on_both_engines! {
    async fn every_field_keeps_what_was_written(world: &World) {
        let (catalog, teacher) = (world.academy.catalog(), world.teacher().await);
        for text in HOSTILE {
            let form = CourseForm {
                title: (*text).to_owned(),
                promise: (*text).to_owned(),
                description: format!("{text}\n\n{text}"),
                outcomes: format!("{text}\n{text}"),
                level: "advanced".to_owned(),
                version: 0,
            };
            let course = catalog.create(&teacher, &form).await.unwrap();
            let module = catalog.add_module(&teacher, course.id, text).await.unwrap();
            let lesson = catalog.add_lesson(&teacher, module, &lesson_form(text, text, 1)).await.unwrap();
            let tier = TierForm { name: (*text).to_owned(), description: (*text).to_owned(), ..tier_form("0", 1) };
            catalog.add_tier(&teacher, course.id, &tier).await.unwrap();
            let page = catalog.studio(&teacher, course.id).await.unwrap();
            assert_eq!(page.course.title, *text);
            assert_eq!(page.course.promise, *text);
            assert_eq!(page.course.description, form.description);
            assert_eq!(page.course.outcomes, [*text, *text]);
            assert!(!page.description_html.contains("<script>"));
            assert_eq!((&*page.outline[0].title, &*page.outline[0].lessons[0].title), (*text, *text));
            assert_eq!((&*page.tiers[0].name, &*page.tiers[0].description), (*text, *text));
            assert_eq!(catalog.lesson(&teacher, lesson).await.unwrap().body, *text);
            assert!(page.course.slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
            assert!(!catalog.preview(&teacher, text).await.unwrap().contains("<script>"));
        }
    }

    async fn bad_input_is_said_beside_its_field(world: &World) {
        let (catalog, teacher) = (world.academy.catalog(), world.teacher().await);
        let course = world.draft(&teacher).await;
        for (name, form) in [
            ("title", course_form("")),
            ("title", course_form("a\0b")),
            ("title", course_form(&"x".repeat(121))),
            ("promise", CourseForm { promise: "x".repeat(241), ..course_form("Good") }),
            ("description", CourseForm { description: "\0".to_owned(), ..course_form("Good") }),
            ("outcomes", CourseForm { outcomes: "x\n".repeat(13), ..course_form("Good") }),
            ("level", CourseForm { level: "expert".to_owned(), ..course_form("Good") }),
        ] {
            assert_eq!(field(catalog.create(&teacher, &form).await), name);
        }
        for (name, form) in [
            ("title", lesson_form("", "", 1)),
            ("body", lesson_form("Good", "\0", 1)),
            ("body", lesson_form("Good", &"x".repeat(200_001), 1)),
            ("access", lesson_form("Good", "", 9)),
            ("access", LessonForm { access: "-1".to_owned(), ..lesson_form("Good", "", 1) }),
            ("minutes", LessonForm { minutes: "0".to_owned(), ..lesson_form("Good", "", 1) }),
            ("minutes", LessonForm { minutes: "99999999999".to_owned(), ..lesson_form("Good", "", 1) }),
        ] {
            assert_eq!(field(catalog.add_lesson(&teacher, course.module, &form).await), name);
        }
        for (name, form) in [
            ("name", TierForm { name: String::new(), ..tier_form("1", 1) }),
            ("price", tier_form("-1", 1)),
            ("price", tier_form("1e18", 1)),
            ("price", tier_form("NaN", 1)),
            ("price", tier_form(&"9".repeat(5000), 1)),
            ("level", tier_form("1", 0)),
            ("level", tier_form("1", 9)),
        ] {
            assert_eq!(field(catalog.add_tier(&teacher, course.id, &form).await), name);
        }
        assert_eq!(field(catalog.add_module(&teacher, course.id, "").await), "title");
        assert_eq!(field(catalog.preview(&teacher, "\0").await), "body");
    }

    async fn slugs_come_from_titles_and_stay_unique(world: &World) {
        let (catalog, teacher) = (world.academy.catalog(), world.teacher().await);
        let mut slugs = Vec::new();
        for title in ["Same title", "Same title", "same, TITLE!", "学习编程", "学习编程"] {
            slugs.push(catalog.create(&teacher, &course_form(title)).await.unwrap().slug);
        }
        assert_eq!(slugs, ["same-title", "same-title-2", "same-title-3", "course", "course-2"]);
        let course = world.draft(&teacher).await;
        catalog.add_lesson(&teacher, course.module, &lesson_form("Hello", "", 0)).await.unwrap();
        let page = catalog.studio(&teacher, course.id).await.unwrap();
        let slugs: Vec<_> = page.lessons().map(|lesson| lesson.slug.as_str()).collect();
        assert_eq!(slugs, ["hello", "secret", "hello-2"]);
        // A new title keeps the address.
        let renamed = CourseForm { version: page.course.version, ..course_form("Something else") };
        catalog.edit(&teacher, course.id, &renamed).await.unwrap();
        assert_eq!(catalog.studio(&teacher, course.id).await.unwrap().course.slug, page.course.slug);
        for odd in ["", "No-Such", "a b", "\0", "../x", &"a".repeat(10_000), "'"] {
            assert_eq!(refusal(catalog.course(&teacher, odd).await).0, Kind::NotFound);
        }
    }

    async fn an_edit_that_did_not_see_the_newest_version_is_refused(world: &World) {
        let (catalog, teacher) = (world.academy.catalog(), world.teacher().await);
        let course = world.draft(&teacher).await;
        let mine = CourseForm { version: 1, ..course_form("First") };
        catalog.edit(&teacher, course.id, &mine).await.unwrap();
        let stale = CourseForm { version: 1, ..course_form("Second") };
        assert_eq!(refusal(catalog.edit(&teacher, course.id, &stale).await).1, "edited_meanwhile");
        assert_eq!(catalog.studio(&teacher, course.id).await.unwrap().course.title, "First");

        let form = |version| LessonForm { version, ..lesson_form("New", "New.", 1) };
        let saved = catalog.edit_lesson(&teacher, course.lesson, &form(1)).await.unwrap();
        assert_eq!((saved.version, saved.body.as_str()), (2, "New."));
        assert_eq!(refusal(catalog.edit_lesson(&teacher, course.lesson, &form(1)).await).1, "edited_meanwhile");
        catalog.edit_lesson(&teacher, course.lesson, &form(2)).await.unwrap();
    }

    async fn modules_and_lessons_keep_their_order_through_moves(world: &World) {
        let (catalog, teacher) = (world.academy.catalog(), world.teacher().await);
        let course = world.draft(&teacher).await;
        let two = catalog.add_module(&teacher, course.id, "Two").await.unwrap();
        let three = catalog.add_module(&teacher, course.id, "Three").await.unwrap();
        let a = catalog.add_lesson(&teacher, two, &lesson_form("A", "", 1)).await.unwrap();
        catalog.add_lesson(&teacher, two, &lesson_form("B", "", 1)).await.unwrap();
        catalog.move_module(&teacher, three, 0).await.unwrap();
        catalog.move_module(&teacher, two, 99).await.unwrap();
        let seen = titles(world, &teacher, course.id).await;
        assert_eq!(seen, outline(&[("Three", &[]), ("One", &["Hello", "Secret"]), ("Two", &["A", "B"])]));
        catalog.move_lesson(&teacher, a, course.module, 1).await.unwrap();
        catalog.move_lesson(&teacher, course.preview, two, 99).await.unwrap();
        catalog.move_lesson(&teacher, course.lesson, course.module, 0).await.unwrap();
        let seen = titles(world, &teacher, course.id).await;
        assert_eq!(seen, outline(&[("Three", &[]), ("One", &["Secret", "A"]), ("Two", &["B", "Hello"])]));
        // What is added after a removal comes last all the same.
        catalog.remove_lesson(&teacher, course.lesson).await.unwrap();
        catalog.add_lesson(&teacher, course.module, &lesson_form("C", "", 1)).await.unwrap();
        catalog.remove_module(&teacher, three).await.unwrap();
        catalog.add_module(&teacher, course.id, "Four").await.unwrap();
        let seen = titles(world, &teacher, course.id).await;
        assert_eq!(seen, outline(&[("One", &["A", "C"]), ("Two", &["B", "Hello"]), ("Four", &[])]));
        catalog.remove_module(&teacher, two).await.unwrap();
        let page = catalog.studio(&teacher, course.id).await.unwrap();
        assert_eq!(page.lessons().count(), 2, "a module goes with its lessons");
    }

    async fn tier_numbers_are_never_used_again(world: &World) {
        let (catalog, teacher) = (world.academy.catalog(), world.teacher().await);
        let course = world.draft(&teacher).await;
        for number in 0..MAX_TIERS {
            let tier = catalog.add_tier(&teacher, course.id, &tier_form("1", 1)).await.unwrap();
            let page = catalog.studio(&teacher, course.id).await.unwrap();
            let made = page.tiers.iter().find(|other| other.id == tier).unwrap();
            assert_eq!(usize::from(made.number), number);
            if number % 2 == 0 {
                catalog.remove_tier(&teacher, tier).await.unwrap();
                assert_eq!(refusal(catalog.edit_tier(&teacher, tier, &tier_form("1", 1)).await).0, Kind::NotFound);
            }
        }
        let full = catalog.add_tier(&teacher, course.id, &tier_form("1", 1)).await;
        assert_eq!(refusal(full).1, "no_more_tiers");
        assert_eq!(catalog.studio(&teacher, course.id).await.unwrap().tiers.len(), MAX_TIERS / 2);
    }

    async fn an_upload_is_judged_by_its_bytes_and_size(world: &World) {
        let (catalog, teacher) = (world.academy.catalog(), world.teacher().await);
        let course = world.draft(&teacher).await;
        for (name, bytes, kind) in [
            ("a.exe", &b"\x89PNG\r\n\x1a\n"[..], "image/png"),
            ("b", b"\xFF\xD8\xFFrest", "image/jpeg"),
            ("c.txt", b"GIF89a", "image/gif"),
            ("../../d", b"RIFF....WEBPVP8 ", "image/webp"),
        ] {
            let head = catalog.upload(&teacher, course.id, name, bytes.to_vec()).await.unwrap();
            assert_eq!((head.content_type.as_str(), head.size as usize), (kind, bytes.len()));
            let file = world.academy.learning().media(&teacher, head.id).await.unwrap();
            assert_eq!((file.content_type.as_str(), file.bytes.as_slice()), (kind, bytes));
        }
        for bytes in [&b""[..], b"<svg onload=alert(1)>", b"MZ", b"%PDF-1.7", b"RIFF....WAVE", b"<html>"] {
            assert!(content_type_of(bytes).is_none());
            assert_eq!(field(catalog.upload(&teacher, course.id, "x.png", bytes.to_vec()).await), "file");
        }
        let mut large = vec![0; MAX_MEDIA];
        large[..8].copy_from_slice(b"\x89PNG\r\n\x1a\n");
        catalog.upload(&teacher, course.id, "large\0\n.png", large.clone()).await.unwrap();
        large.push(0);
        assert_eq!(field(catalog.upload(&teacher, course.id, "larger.png", large).await), "file");
        let files = catalog.files(&teacher, course.id).await.unwrap();
        assert_eq!(files.len(), 5);
        assert!(files.iter().any(|file| file.name == "large.png"));
        let other = world.draft(&teacher).await;
        let foreign = catalog.set_cover(&teacher, other.id, Some(files[0].id)).await;
        assert_eq!(refusal(foreign).0, Kind::NotFound);
    }

    async fn a_free_course_is_published_at_once_when_it_is_ready(world: &World) {
        let (catalog, teacher) = (world.academy.catalog(), world.teacher().await);
        let course = world.draft(&teacher).await;
        assert_eq!(refusal(catalog.publish(&teacher, course.id).await).1, "not_ready");
        catalog.add_tier(&teacher, course.id, &tier_form("0", 1)).await.unwrap();
        assert!(matches!(catalog.publish(&teacher, course.id).await.unwrap(), academy::catalog::Published::Done));
        assert_eq!(seen_state(world, &teacher, &course).await, CourseState::Published);
        catalog.course(&Actor::Visitor, &course.slug).await.unwrap();
        catalog.withdraw(&teacher, course.id).await.unwrap();
        assert_eq!(refusal(catalog.course(&Actor::Visitor, &course.slug).await).0, Kind::NotFound);
        catalog.course(&teacher, &course.slug).await.unwrap();
        let admin = world.admin().await;
        let log = world.academy.accounts().audit(&admin, &academy::page::Filter::default()).await.unwrap();
        let acts: Vec<_> = log.rows.iter().map(|line| line.act.as_str()).collect();
        assert!(acts.contains(&"course.published") && acts.contains(&"course.withdrawn"), "{acts:?}");
        let empty = catalog.create(&teacher, &course_form("Empty")).await.unwrap();
        assert_eq!(refusal(catalog.publish(&teacher, empty.id).await).1, "not_ready");
        assert_eq!(catalog.mine(&teacher).await.unwrap().len(), 2);
    }
}

async fn seen_state(world: &World, actor: &Actor, course: &TestCourse) -> CourseState {
    world.academy.catalog().studio(actor, course.id).await.unwrap().course.state
}
