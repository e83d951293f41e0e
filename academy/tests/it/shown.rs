//! What everyone may see is kept in memory, and never shown after it has changed.

use academy::{Academy, accounts::Profile, catalog::CatalogQuery, learning::LessonAnswer, money::Wei};

use crate::support::{TestCourse, course_form, lesson_form, on_both_engines, person, tier_form};

/// All that a visitor sees of a course, as one text.
async fn shown(academy: &Academy, course: &TestCourse) -> String {
    let visitor = academy::Actor::Visitor;
    let found = academy.catalog().search(&visitor, &CatalogQuery::default()).await.unwrap();
    let page = academy.catalog().course(&visitor, &course.slug).await.map_err(|problem| problem.code);
    let lesson = match academy.learning().lesson(&visitor, &course.slug, "hello").await {
        Ok(LessonAnswer::Open(view)) => view.html,
        Ok(LessonAnswer::Locked { .. }) => "locked".to_owned(),
        Err(problem) => problem.code,
    };
    format!("{found:?} {page:?} {lesson}")
}

on_both_engines! {
    async fn what_one_instance_changes_another_shows_at_once(world: &World) {
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let (here, there) = (&world.academy, world.restarted());
        let catalog = here.catalog();
        let mut before = shown(&there, &course).await;
        assert!(before.contains("Welcome."));
        for act in 0..12 {
            match act {
                0 => catalog.edit(&teacher, course.id, &academy::catalog::CourseForm { version: 1, ..course_form("Another title") }).await.unwrap(),
                1 => drop(catalog.add_module(&teacher, course.id, "Two").await.unwrap()),
                2 => catalog.rename_module(&teacher, course.module, "First").await.unwrap(),
                3 => catalog.move_module(&teacher, course.module, 1).await.unwrap(),
                4 => drop(catalog.add_lesson(&teacher, course.module, &lesson_form("More", "", 1)).await.unwrap()),
                5 => {
                    let form = academy::catalog::LessonForm { version: 1, ..lesson_form("Hello", "Goodbye.", 0) };
                    drop(catalog.edit_lesson(&teacher, course.preview, &form).await.unwrap());
                }
                6 => catalog.move_lesson(&teacher, course.preview, course.module, 2).await.unwrap(),
                7 => drop(catalog.add_tier(&teacher, course.id, &tier_form("3", 2)).await.unwrap()),
                8 => {
                    let profile = Profile { name: "Ines".to_owned(), bio: String::new() };
                    here.accounts().set_profile(&teacher, &profile).await.unwrap();
                }
                9 => {
                    let priced = world.priced(&course, 0, Wei::from_ether("9").unwrap());
                    world.chain.mine(vec![world.transaction(person(&teacher).address, vec![priced])]);
                    here.follow_once().await.unwrap();
                }
                10 => {
                    world.chain.reorg(1);
                    world.chain.mine_empty(2);
                    here.follow_once().await.unwrap();
                }
                _ => catalog.withdraw(&teacher, course.id).await.unwrap(),
            }
            let now = shown(&there, &course).await;
            assert_ne!(now, before, "act {act} shows");
            assert_eq!(now, shown(&world.restarted(), &course).await, "act {act}");
            before = now;
        }
    }
}
