//! `lectern seed`: the demo courses, made by their teachers through the same services as any.
//!
//! Safe to repeat: a published course is left alone, and one that an earlier run left half-made
//! is finished.

mod format;
mod market;

use std::{collections::HashMap, sync::Arc};

use academy::{
    Academy, Actor, Kind, Person,
    accounts::GivenRole,
    catalog::{CourseForm, CoursePage, CourseState, LessonForm, Published, TierForm},
    evm::Address,
    ids::MediaId,
    price::{Fiat, Unit},
};
use format::Folder;
use market::Market;

use super::{migrated, services};
use crate::{compose::Machine, config::Config, failure::Failure};

/// The accounts of the development chain that have a part in the demo (anvil's mnemonic), by index.
const ACCOUNTS: [(usize, &str); 3] = [
    (1, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    (2, "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    (ADMIN, "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"),
];
const ADMIN: usize = 9;
const REASON: &str = "demo courses";

pub async fn seed(config: &Config) -> Result<(), Failure> {
    let market = Market::new(&config.chain)?;
    let db = migrated(config).await?;
    let academy = services(config, &Machine::real(), db.clone())?;
    market.check(&academy).await?;
    market.trust_quotes(config).await?;
    market.allow_tokens(config).await?;

    let mut teachers = HashMap::new();
    for teacher in format::teachers()? {
        let actor = instructor(&academy, &teacher).await?;
        teachers.insert(teacher.account, actor);
    }
    academy
        .accounts()
        .set_role_of_address(&Actor::System, account(ADMIN)?, GivenRole::Admin, true, REASON)
        .await?;
    for folder in format::courses()? {
        let teacher = teachers.get(&folder.course.teacher).ok_or_else(|| {
            Failure::Told(format!("demo/{}: teachers.toml lacks its teacher", folder.course.slug))
        })?;
        make(&academy, teacher, &folder, &market).await?;
    }
    db.close().await;
    Ok(())
}

fn account(index: usize) -> Result<Address, Failure> {
    ACCOUNTS
        .iter()
        .find(|(known, _)| *known == index)
        .and_then(|(_, address)| address.parse().ok())
        .ok_or_else(|| Failure::Told(format!("demo: account {index} has no part in the demo")))
}

/// The teacher's account, with role and profile.
async fn instructor(academy: &Academy, teacher: &format::Teacher) -> Result<Actor, Failure> {
    let address = account(teacher.account)?;
    let id = academy
        .accounts()
        .set_role_of_address(&Actor::System, address, GivenRole::Instructor, true, REASON)
        .await?;
    let actor = Actor::Person(Person {
        id,
        address,
        address_text: address.checksummed(),
        chain_id: None,
        contract_on: None,
        name: teacher.name.clone(),
        instructor: true,
        admin: false,
    });
    let mut profile = academy.accounts().profile(&actor).await?;
    if profile.name.is_empty() {
        profile.name.clone_from(&teacher.name);
        profile.bio.clone_from(&teacher.bio);
        academy.accounts().set_profile(&actor, &profile).await?;
    }
    Ok(actor)
}

async fn make(academy: &Academy, teacher: &Actor, folder: &Folder, market: &Market) -> Result<(), Failure> {
    let course = &folder.course;
    let page = match academy.catalog().course(&Actor::System, &course.slug).await {
        Ok(page) if page.course.state != CourseState::Draft => {
            println!("{}: is there already.", course.title);
            return Ok(());
        }
        Ok(page) => Arc::unwrap_or_clone(page),
        Err(problem) if problem.kind == Kind::NotFound => create(academy, teacher, folder).await?,
        Err(problem) => return Err(problem.into()),
    };
    let id = page.course.id;
    let images = upload(academy, teacher, folder, &page).await?;
    if page.course.cover.is_none() {
        let cover = images.get(&course.cover).copied();
        academy.catalog().set_cover(teacher, id, cover).await?;
    }
    outline(academy, teacher, folder, &page, &images).await?;
    academy.catalog().set_refund_days(teacher, id, &course.refund_days.to_string()).await?;
    let units = academy.checkout().units();
    for tier in &course.tiers {
        if page.tiers.iter().any(|known| known.name == tier.name) {
            continue;
        }
        let dollars = Unit::Fiat(Fiat::Usd);
        let in_dollars = tier.price_usd.as_ref().filter(|_| units.iter().any(|(unit, _)| *unit == dollars));
        let form = TierForm {
            name: tier.name.clone(),
            description: tier.description.clone(),
            price: in_dollars.unwrap_or(&tier.price).clone(),
            currency: in_dollars.map_or_else(String::new, |_| dollars.to_string()),
            level: tier.level.to_string(),
        };
        academy.catalog().add_tier(teacher, id, &form).await?;
    }
    match academy.catalog().publish(teacher, id).await? {
        Published::Done => println!("{}: made and published.", course.title),
        Published::NeedsListing(call) => {
            market.list(academy, teacher, id, &call).await?;
            println!("{}: made, listed on the market and published.", course.title);
        }
    }
    Ok(())
}

async fn create(academy: &Academy, teacher: &Actor, folder: &Folder) -> Result<CoursePage, Failure> {
    let course = &folder.course;
    let form = CourseForm {
        title: course.title.clone(),
        promise: course.promise.clone(),
        description: course.description.trim().to_owned(),
        outcomes: course.outcomes.join("\n"),
        level: course.level.clone(),
        version: 0,
    };
    let made = academy.catalog().create(teacher, &form).await?;
    Ok(academy.catalog().studio(teacher, made.id).await?)
}

/// Uploads the cover and every image that a lesson shows; answers their ids by path.
async fn upload(
    academy: &Academy,
    teacher: &Actor,
    folder: &Folder,
    page: &CoursePage,
) -> Result<HashMap<String, MediaId>, Failure> {
    let mut wanted = vec![folder.course.cover.clone()];
    for lesson in folder.course.modules.iter().flat_map(|module| &module.lessons) {
        wanted.extend(format::images(folder.markdown(&lesson.file)?));
    }
    wanted.sort();
    wanted.dedup();
    let known = academy.catalog().files(teacher, page.course.id).await?;
    let mut ids = HashMap::new();
    for path in wanted {
        let name = path.rsplit('/').next().unwrap_or(&path);
        let id = match known.iter().find(|file| file.name == name) {
            Some(file) => file.id,
            None => {
                let bytes = folder.image(&path)?.to_vec();
                academy.catalog().upload(teacher, page.course.id, name, bytes).await?.id
            }
        };
        ids.insert(path, id);
    }
    Ok(ids)
}

/// Adds the modules and lessons that are not there, by title.
async fn outline(
    academy: &Academy,
    teacher: &Actor,
    folder: &Folder,
    page: &CoursePage,
    images: &HashMap<String, MediaId>,
) -> Result<(), Failure> {
    for module in &folder.course.modules {
        let known = page.outline.iter().find(|known| known.title == module.title);
        let id = match known {
            Some(known) => known.id,
            None => academy.catalog().add_module(teacher, page.course.id, &module.title).await?,
        };
        for lesson in &module.lessons {
            if page.lessons().any(|known| known.title == lesson.title) {
                continue;
            }
            let mut body = folder.markdown(&lesson.file)?.to_owned();
            for (path, id) in images {
                body = body.replace(&format!("]({path}"), &format!("](/media/{id}"));
            }
            let form = LessonForm {
                title: lesson.title.clone(),
                body,
                minutes: lesson.minutes.to_string(),
                access: lesson.access.to_string(),
                version: 0,
            };
            academy.catalog().add_lesson(teacher, id, &form).await?;
        }
    }
    Ok(())
}
