//! Finding courses.

use academy::{
    Actor,
    catalog::{CatalogQuery, CourseForm},
    page::PAGE_SIZE,
};

use crate::support::{World, course_form, lesson_form, on_both_engines, tier_form};

async fn publish(world: &World, teacher: &Actor, form: CourseForm, price: &str) {
    let catalog = world.academy.catalog();
    let course = catalog.create(teacher, &form).await.unwrap();
    let module = catalog.add_module(teacher, course.id, "One").await.unwrap();
    catalog.add_lesson(teacher, module, &lesson_form("Hello", "Welcome.", 0)).await.unwrap();
    catalog.add_tier(teacher, course.id, &tier_form("0", 1)).await.unwrap();
    catalog.publish(teacher, course.id).await.unwrap();
    // The price is the catalogue's affair; whether the chain agrees is not what is looked for here.
    let tier = catalog.studio(teacher, course.id).await.unwrap().tiers[0].id;
    catalog.edit_tier(teacher, tier, &tier_form(price, 1)).await.unwrap();
}

async fn found(world: &World, query: CatalogQuery) -> Vec<String> {
    let page = world.academy.catalog().search(&Actor::Visitor, &query).await.unwrap();
    assert_eq!(page.total as usize, page.rows.len());
    let mut titles: Vec<String> = page.rows.iter().map(|card| card.title.clone()).collect();
    titles.sort();
    titles
}

async fn words(world: &World, q: &str) -> Vec<String> {
    found(world, CatalogQuery { q: q.to_owned(), ..CatalogQuery::default() }).await
}

on_both_engines! {
    async fn finds_words_level_and_price(world: &World) {
        let teacher = world.teacher().await;
        let form = |title: &str, description: &str, level: &str| CourseForm {
            description: description.to_owned(),
            level: level.to_owned(),
            ..course_form(title)
        };
        publish(world, &teacher, form("Rust by hand", "Ownership, slowly", "beginner"), "0").await;
        publish(world, &teacher, form("Solidity", "Contracts and RUST", "advanced"), "0.02").await;
        publish(world, &teacher, form("ÅNGSTRÖM units", "Physics 学", "advanced"), "10").await;
        world.draft(&teacher).await;

        assert_eq!(words(world, "").await.len(), 3, "drafts are not there");
        assert_eq!(words(world, "rust").await, ["Rust by hand", "Solidity"]);
        assert_eq!(words(world, "  RUST   hand ").await, ["Rust by hand"]);
        assert_eq!(words(world, "hand rust slowly").await, ["Rust by hand"], "in any order");
        assert_eq!(words(world, "ångström").await, ["ÅNGSTRÖM units"]);
        assert_eq!(words(world, "学").await, ["ÅNGSTRÖM units"]);
        assert!(words(world, "haskell").await.is_empty());

        let level = |level: &str| CatalogQuery { level: level.to_owned(), ..CatalogQuery::default() };
        assert_eq!(found(world, level("advanced")).await, ["Solidity", "ÅNGSTRÖM units"]);
        assert_eq!(found(world, level("intermediate")).await, [""; 0]);
        let price = |price: &str| CatalogQuery { price: price.to_owned(), ..CatalogQuery::default() };
        assert_eq!(found(world, price("free")).await, ["Rust by hand"]);
        assert_eq!(found(world, price("paid")).await, ["Solidity", "ÅNGSTRÖM units"]);
        // What is no level and no price filters nothing.
        assert_eq!(found(world, CatalogQuery { level: "\0".to_owned(), price: "'".to_owned(), ..CatalogQuery::default() }).await.len(), 3);
    }

    async fn signs_of_like_and_sql_are_only_signs(world: &World) {
        let teacher = world.teacher().await;
        publish(world, &teacher, course_form("100% sure_thing!"), "0").await;
        publish(world, &teacher, course_form("100 sure things"), "0").await;
        publish(world, &teacher, course_form("C:\\temp <b>'quoted'</b>"), "0").await;
        assert_eq!(words(world, "100%").await, ["100% sure_thing!"]);
        assert_eq!(words(world, "sure_thing").await, ["100% sure_thing!"]);
        assert_eq!(words(world, "thing!").await, ["100% sure_thing!"]);
        assert_eq!(words(world, "c:\\temp").await, ["C:\\temp <b>'quoted'</b>"]);
        assert_eq!(words(world, "<b>'quoted'</b>").await, ["C:\\temp <b>'quoted'</b>"]);
        for nothing in ["'; DROP TABLE courses; --", "%25", "' OR '1'='1", "_______________________________"] {
            assert!(words(world, nothing).await.is_empty(), "{nothing}");
        }
        for everything in ["\0", "\u{1}", "   "] {
            assert_eq!(words(world, everything).await.len(), 3);
        }
        words(world, &"x ".repeat(50_000)).await;
        words(world, &"x".repeat(100_000)).await;
    }

    async fn finds_a_teacher_by_name(world: &World) {
        let teacher = world.teacher().await;
        let profile = academy::accounts::Profile { name: "Ada Lovelace".to_owned(), bio: String::new() };
        world.academy.accounts().set_profile(&teacher, &profile).await.unwrap();
        publish(world, &teacher, course_form("Engines"), "0").await;
        publish(world, &world.teacher().await, course_form("Looms"), "0").await;
        assert_eq!(words(world, "lovelace engines").await, ["Engines"]);
    }

    async fn gives_a_page_at_a_time(world: &World) {
        let teacher = world.teacher().await;
        for number in 0..PAGE_SIZE + 2 {
            publish(world, &teacher, course_form(&format!("Course {number}")), "0").await;
            world.clock.advance_millis(1);
        }
        let page = |page| {
            let query = CatalogQuery { page, ..CatalogQuery::default() };
            async move { world.academy.catalog().search(&Actor::Visitor, &query).await.unwrap() }
        };
        let (first, second) = (page(0).await, page(2).await);
        assert_eq!((first.total, first.pages(), first.number), (PAGE_SIZE + 2, 2, 1));
        assert_eq!((first.rows.len() as u32, second.rows.len()), (PAGE_SIZE, 2));
        assert_eq!(first.rows[0].title, format!("Course {}", PAGE_SIZE + 1), "newest first");
        assert!(page(u32::MAX).await.rows.is_empty());
    }
}
