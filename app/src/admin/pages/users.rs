//! Everyone who ever signed in, and their roles.

use academy::{
    Problem,
    accounts::{GivenRole, UserRow},
    ids::UserId,
    page::Page,
};
use axum::{
    Form,
    extract::{Query, State},
    response::Response,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Asked, filters, frame, head, list};
use crate::{
    AppState, Visitor,
    render::{Answer, render, see_other},
    studio::pages::list::shown_in_form,
    ui::{AddressText, Badge, ErrorSummary, Field, FormState, Notice, Submit, TableScroll, Tone, When},
};

const PATH: &str = "/admin/users";

/// Giving or taking a role; the button says which: `give-instructor`, `take-admin`, ….
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RoleForm {
    user: String,
    reason: String,
    act: String,
}

impl RoleForm {
    fn parse(&self) -> Result<(UserId, GivenRole, bool), Problem> {
        let user = self.user.parse().map_err(|_| Problem::not_found("user"))?;
        let (verb, role) = self.act.split_once('-').ok_or_else(|| Problem::not_found("action"))?;
        let role = role.parse().map_err(|()| Problem::not_found("role"))?;
        match verb {
            "give" => Ok((user, role, true)),
            "take" => Ok((user, role, false)),
            _ => Err(Problem::not_found("action")),
        }
    }
}

pub async fn show(State(state): State<AppState>, visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let users = state.academy.accounts().users(&visitor.actor, &asked.filter()).await?;
    Ok(users_page(&state, &visitor, &asked, &users, "", &FormState::default()))
}

pub async fn act(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
    Form(form): Form<RoleForm>,
) -> Answer {
    let (user, role, given) = form.parse()?;
    let accounts = state.academy.accounts();
    match accounts.set_role(&visitor.actor, user, role, given, &form.reason).await {
        Ok(()) => Ok(see_other(&asked.done(PATH, if given { "given" } else { "taken" }))),
        Err(problem) if shown_in_form(&problem) => {
            let users = accounts.users(&visitor.actor, &asked.filter()).await?;
            let refused = FormState::failed(&form, problem);
            Ok(users_page(&state, &visitor, &asked, &users, &form.user, &refused))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn users_page(
    state: &AppState,
    visitor: &Visitor,
    asked: &Asked,
    users: &Page<UserRow>,
    target: &str,
    refused: &FormState,
) -> Response {
    render(state, visitor, head("Users").for_form(refused), || {
        let done = match asked.done.as_str() {
            "given" => Some("The role is given. It holds from their next click."),
            "taken" => Some("The role is taken. It holds from their next click."),
            _ => None,
        };
        let roles = vec![
            (String::new(), "Everyone".to_owned()),
            ("instructor".to_owned(), "Instructors".to_owned()),
            ("admin".to_owned(), "Admins".to_owned()),
        ];
        let table = || {
            let rows: Vec<_> = users.rows.iter().map(|user| row(user, target, refused)).collect();
            view! {
                <TableScroll label="Users">
                    <table class="table" data-testid="users">
                        <thead>
                            <tr>
                                <th scope="col">"Name"</th>
                                <th scope="col">"Wallet"</th>
                                <th scope="col">"Roles"</th>
                                <th scope="col">"Since"</th>
                                <th scope="col">"Change"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </TableScroll>
            }
            .into_any()
        };
        let content = view! {
            {done.map(|words| view! { <Notice tone=Tone::Positive><p>{words}</p></Notice> })}
            {filters(PATH, asked, "Name or address", Some(("Role", roles)))}
            {list(users, PATH, asked, "user", table)}
        };
        frame(
            PATH,
            "Everyone who ever signed in. Giving and taking a role is written to the audit log.",
            content,
        )
    })
}

fn row(user: &UserRow, target: &str, refused: &FormState) -> impl IntoView + use<> {
    let id = user.id.to_string();
    let mine = id == target;
    let form = if mine { refused.clone() } else { FormState::default() };
    let prefix = format!("{id}-");
    let name = if user.name.is_empty() { "No name".to_owned() } else { user.name.clone() };
    let wallets: Vec<_> =
        user.wallets.iter().map(|wallet| view! { <AddressText address=wallet.clone()/> }).collect();
    let role = |has: bool, role: GivenRole, title: &'static str| {
        let verb = if has { "take" } else { "give" };
        let words = if has { format!("Take the role of {title}") } else { format!("Make {title}") };
        view! {
            <Submit kind=if has { "danger" } else { "secondary" } name="act" value=format!("{verb}-{}", role.word())>
                {words}
            </Submit>
        }
    };
    view! {
        <tr>
            <th scope="row">{name.clone()}</th>
            <td>{wallets}</td>
            <td>
                {user.admin.then(|| view! { <Badge tone=Tone::Accent>"Admin"</Badge> })}
                " "
                {user.instructor.then(|| view! { <Badge>"Instructor"</Badge> })}
                {(!user.admin && !user.instructor).then(|| view! { <span class="muted">"Learner"</span> })}
            </td>
            <td><When at=user.created_at/></td>
            <td>
                <details class="row-fold" open=mine>
                    <summary>"Roles…"<span class="visually-hidden">" of "{name}</span></summary>
                    <form method="post" class="row-form">
                        {mine.then(|| view! { <ErrorSummary form=form.clone() prefix=prefix.clone()/> })}
                        <p class="muted">"Account " <code>{id.clone()}</code></p>
                        <input type="hidden" name="user" value=id/>
                        <Field form=form name="reason" prefix=prefix label="Reason" hint="Kept in the audit log." required=true maxlength=200/>
                        <div class="button-row">
                            {role(user.instructor, GivenRole::Instructor, "instructor")}
                            {role(user.admin, GivenRole::Admin, "admin")}
                        </div>
                    </form>
                </details>
            </td>
        </tr>
    }
}
