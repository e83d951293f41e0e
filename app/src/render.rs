//! A view into a response: head, shell, status, caching; and problems into pages.

use std::sync::Arc;

use academy::{Problem, checkout::ChainInfo, time::Time};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use hydration_context::SsrSharedContext;
use leptos::prelude::{IntoView, Owner, RenderHtml, provide_context};

pub use crate::error::status;
use crate::{AppState, Visitor, shell, ui};

/// How the page stands around its view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Header, a column of at most 72 rem, footer.
    #[default]
    Site,
    /// The same, as wide as the window: studio and admin.
    Wide,
    /// A narrow column and a bare header, with nothing that leads away: signing in, paying.
    Till,
    /// The view is the page below the header: the reader.
    Bare,
}

/// Which bundle of islands a page loads; see the features of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Islands {
    /// The reader's keys and place, copy buttons.
    Reading,
    /// Signing in with a wallet.
    Signing,
    /// The checkout.
    Paying,
    /// The studio's outline, preview and uploads.
    Editing,
    /// Sending one prepared call from the studio.
    Sending,
}

/// What stands in a page's head, and how the page stands.
#[derive(Clone, Debug, Default)]
pub struct PageHead {
    /// The title, without the site's name.
    pub title: String,
    /// One or two sentences for search engines and link previews.
    pub description: String,
    /// How the page stands.
    pub layout: Layout,
    /// Its islands, where the layout does not say it already.
    pub islands: Option<Islands>,
    /// The status; 200 unless told otherwise.
    pub status: StatusCode,
    /// The path that search engines shall keep; without it: the request's path, sans query.
    pub canonical: Option<String>,
    /// A path to an image for link previews.
    pub image: Option<String>,
    /// Structured data (JSON-LD).
    pub json_ld: Option<String>,
}

impl PageHead {
    /// A page with a title and a description.
    pub fn new(title: impl Into<String>, description: impl Into<String>) -> Self {
        Self { title: title.into(), description: description.into(), ..Self::default() }
    }

    /// In another layout.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// With islands that its layout does not usually have.
    #[must_use]
    pub fn with(mut self, islands: Islands) -> Self {
        self.islands = Some(islands);
        self
    }

    /// The islands of the page.
    pub fn islands(&self) -> Islands {
        self.islands.unwrap_or(match self.layout {
            Layout::Site | Layout::Bare => Islands::Reading,
            Layout::Till => Islands::Signing,
            Layout::Wide => Islands::Editing,
        })
    }

    /// With another status, such as 422 for a form that is shown again.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// 422 where the form has a problem, or what its kind says; otherwise unchanged.
    #[must_use]
    pub fn for_form(self, form: &ui::FormState) -> Self {
        match form.problem() {
            Some(problem) => self.status(status(problem.kind)),
            None => self,
        }
    }
}

/// What components may look up while a page renders; see [`ui::Money`] and [`ui::When`].
#[derive(Clone)]
pub struct Ui {
    /// The chain: currency, explorer.
    pub chain: Arc<ChainInfo>,
    /// Now, for relative times.
    pub now: Time,
}

/// Renders a page. The view is made inside, since components look things up in their owner.
pub fn render<V: IntoView>(
    state: &AppState,
    visitor: &Visitor,
    head: PageHead,
    view: impl FnOnce() -> V,
) -> Response {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(|| {
        provide_context(Ui {
            chain: Arc::new(state.academy.checkout().chain().clone()),
            now: state.academy.now(),
        });
        let mut html = String::with_capacity(32 * 1024);
        shell::open(&mut html, state, visitor, &head);
        html.push_str(&view().into_view().to_html());
        shell::close(&mut html, visitor, head.layout);
        html
    });
    let mut response = (head.status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(if visitor.signed_in() { "private, no-store" } else { "no-cache" }),
    );
    headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
    response
}

/// What handlers of pages answer. `?` on a [`Problem`] shows the page for it.
pub type Answer = Result<Response, Failed>;

/// A problem on its way to its page: the router's outer layer renders it, knowing the visitor.
#[derive(Clone, Debug)]
pub struct Failed(pub Problem);

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let mut response = status(self.0.kind).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// After a form's success: 303 to a path on this site.
pub fn see_other(path: &str) -> Response {
    Redirect::to(path).into_response()
}
