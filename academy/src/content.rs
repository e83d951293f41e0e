//! Markdown to HTML: parsed, highlighted, decorated, and sanitised last.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use lru::LruCache;
use pulldown_cmark::{
    Alignment, CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html,
};
use syntect::{
    html::{ClassStyle, ClassedHTMLGenerator},
    parsing::SyntaxSet,
    util::LinesWithEndings,
};

const STYLE: ClassStyle = ClassStyle::SpacedPrefixed { prefix: "hl-" };
static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);
static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(sanitiser);

/// Rendered texts, kept by whose text it is and its version: highlighting costs milliseconds.
pub(crate) struct Cache(Mutex<LruCache<(uuid::Uuid, i64), Arc<str>>>);

impl Default for Cache {
    fn default() -> Self {
        const ROOM: NonZeroUsize = NonZeroUsize::new(512).expect("512 is not zero");
        Self(Mutex::new(LruCache::new(ROOM)))
    }
}

impl Cache {
    /// The text as HTML, rendered at most once per version while it is in use.
    pub(crate) fn render(&self, owner: uuid::Uuid, version: i64, markdown: &str) -> Arc<str> {
        let key = (owner, version);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let html: Arc<str> = render(markdown).into();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, html.clone());
            html
        })
    }
}

/// Renders a lesson or a description. What an author writes can hold no script, style, form or
/// frame, whatever they write.
pub fn render(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_SMART_PUNCTUATION;
    let mut out = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut out, decorate(Parser::new_ext(markdown, options)).into_iter());
    SANITISER.clean(&out).to_string()
}

fn decorate<'a>(parser: Parser<'a>) -> Vec<Event<'a>> {
    let mut events = Vec::new();
    let mut parser = parser.peekable();
    let mut slugs: HashMap<String, u32> = HashMap::new();
    let mut columns = Columns::default();
    while let Some(event) = parser.next() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let mut code = String::new();
                for event in parser.by_ref() {
                    match event {
                        Event::Text(text) => code.push_str(&text),
                        Event::End(TagEnd::CodeBlock) => break,
                        _ => {}
                    }
                }
                let language = match &kind {
                    CodeBlockKind::Fenced(info) => {
                        info.split([' ', ',']).next().unwrap_or_default().to_owned()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                events.push(Event::Html(highlighted(&language, &code).into()));
            }
            Event::Start(Tag::Heading { level, .. }) => {
                let mut inner = Vec::new();
                let mut text = String::new();
                for event in parser.by_ref() {
                    match &event {
                        Event::End(TagEnd::Heading(_)) => break,
                        Event::Text(part) | Event::Code(part) => text.push_str(part),
                        _ => {}
                    }
                    inner.push(event);
                }
                let slug = unique(&mut slugs, crate::text::slug(&text));
                // The page's own title is the only h1.
                let level = level.max(HeadingLevel::H2);
                events.push(Event::Html(format!("<{level} id=\"{slug}\">").into()));
                events.extend(inner);
                events.push(Event::Html(
                    format!(" <a class=\"anchor\" href=\"#{slug}\" aria-label=\"Link to this section\">#</a></{level}>\n").into(),
                ));
            }
            Event::Start(Tag::Table(alignments)) => {
                events.push(Event::Html(
                    "<div class=\"table-scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">".into(),
                ));
                columns = Columns { alignments: alignments.clone(), ..Columns::default() };
                events.push(Event::Start(Tag::Table(alignments)));
            }
            Event::Start(tag @ (Tag::TableHead | Tag::TableRow)) => {
                (columns.head, columns.next) = (tag == Tag::TableHead, 0);
                events.push(Event::Start(tag));
            }
            Event::Start(Tag::TableCell) => events.push(columns.cell()),
            Event::End(TagEnd::Table) => {
                events.push(Event::End(TagEnd::Table));
                events.push(Event::Html("</div>".into()));
            }
            // A paragraph that is one image is a figure; its title is the caption.
            Event::Start(Tag::Paragraph) => {
                let mut inner = Vec::new();
                for event in parser.by_ref() {
                    if matches!(event, Event::End(TagEnd::Paragraph)) {
                        break;
                    }
                    inner.push(event);
                }
                match figure(&inner) {
                    Some(figure) => events.push(Event::Html(figure.into())),
                    None => {
                        events.push(Event::Start(Tag::Paragraph));
                        events.extend(inner);
                        events.push(Event::End(TagEnd::Paragraph));
                    }
                }
            }
            other => events.push(other),
        }
    }
    events
}

/// Where one is in a table.
#[derive(Default)]
struct Columns {
    alignments: Vec<Alignment>,
    head: bool,
    next: usize,
}

impl Columns {
    /// The next cell's beginning. The parser's own writer says an alignment as a style, which no page of ours
    /// may have.
    fn cell(&mut self) -> Event<'static> {
        let alignment = self.alignments.get(self.next).copied().unwrap_or(Alignment::None);
        self.next += 1;
        let side = match alignment {
            Alignment::None => return Event::Start(Tag::TableCell),
            Alignment::Left => "left",
            Alignment::Center => "center",
            Alignment::Right => "right",
        };
        let name = if self.head { "th" } else { "td" };
        Event::Html(format!("<{name} align=\"{side}\">").into())
    }
}

fn figure(inner: &[Event<'_>]) -> Option<String> {
    let [Event::Start(Tag::Image { dest_url, title, .. }), alt @ .., Event::End(TagEnd::Image)] = inner
    else {
        return None;
    };
    let alt: String = alt
        .iter()
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect();
    let caption =
        if title.is_empty() { String::new() } else { format!("<figcaption>{}</figcaption>", escape(title)) };
    Some(format!(
        "<figure><img src=\"{}\" alt=\"{}\" loading=\"lazy\">{caption}</figure>\n",
        escape(dest_url),
        escape(&alt),
    ))
}

fn unique(slugs: &mut HashMap<String, u32>, slug: String) -> String {
    // Prefixed, so that no heading takes an id that the page itself uses.
    let slug = format!("s-{}", if slug.is_empty() { "section" } else { &slug });
    let count = slugs.entry(slug.clone()).or_insert(0);
    *count += 1;
    if *count == 1 { slug } else { format!("{slug}-{count}") }
}

fn highlighted(language: &str, code: &str) -> String {
    let token = match language {
        "solidity" | "sol" | "typescript" | "ts" | "jsx" | "tsx" => "js",
        "toml" => "ini",
        "console" | "shell" => "sh",
        other => other,
    };
    let syntax = (!token.is_empty()).then(|| SYNTAXES.find_syntax_by_token(token)).flatten();
    let body = syntax
        .and_then(|syntax| {
            let mut generator = ClassedHTMLGenerator::new_with_class_style(syntax, &SYNTAXES, STYLE);
            for line in LinesWithEndings::from(code) {
                generator.parse_html_for_line_which_includes_newline(line).ok()?;
            }
            Some(generator.finalize())
        })
        .unwrap_or_else(|| escape(code));
    let language: CowStr<'_> = escape(language).into();
    format!("<pre class=\"code\" data-lang=\"{language}\" tabindex=\"0\"><code>{body}</code></pre>\n")
}

fn escape(text: &str) -> String {
    ammonia::clean_text(text)
}

fn sanitiser() -> ammonia::Builder<'static> {
    let mut builder = ammonia::Builder::default();
    builder
        .add_tags(["figure", "figcaption", "section", "input"])
        .rm_tags(["map", "area"])
        .add_generic_attributes(["id", "class"])
        .add_tag_attributes("pre", ["data-lang", "tabindex"])
        .add_tag_attributes("a", ["aria-label"])
        .add_tag_attributes("div", ["tabindex", "role", "aria-label"])
        .add_tag_attributes("img", ["loading"])
        .add_tag_attributes("th", ["align"])
        .add_tag_attributes("td", ["align"])
        .set_tag_attribute_value("input", "type", "checkbox")
        .set_tag_attribute_value("input", "disabled", "disabled")
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(|tag, name, value| match name {
            // Only what this module writes itself: an author's class or id could dress a lesson
            // up as the site's own buttons and messages.
            "class" => {
                let ours = value.split(' ').all(|class| {
                    class.starts_with("hl-")
                        || matches!(
                            class,
                            "code"
                                | "anchor"
                                | "table-scroll"
                                | "footnote-reference"
                                | "footnote-definition"
                                | "footnote-definition-label"
                        )
                });
                ours.then(|| value.into())
            }
            "id" if matches!(tag, "h2" | "h3" | "h4" | "h5" | "h6") => {
                value.starts_with("s-").then(|| value.into())
            }
            "id" => (tag == "div" || tag == "sup").then(|| format!("fn-{value}").into()),
            "href" if tag == "a" && value.starts_with('#') && !value.starts_with("#s-") => {
                Some(format!("#fn-{}", &value[1..]).into())
            }
            "tabindex" => (value == "0").then(|| value.into()),
            "role" => (value == "region").then(|| value.into()),
            _ => Some(value.into()),
        });
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_no_script_whatever_is_written() {
        for attack in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "<svg onload=alert(1)>",
            "<iframe src=//evil.example></iframe>",
            "<form action=//evil.example><input name=key></form>",
            "<style>body{display:none}</style>",
            "<a href=\"//evil.example\" style=\"position:fixed\">x</a>",
            "```\"><script>alert(1)</script>\nx\n```",
            "# <script>alert(1)</script>",
            "![x](javascript:alert(1) \"<script>\")",
        ] {
            let html = render(attack).to_lowercase();
            for bad in [
                "<script",
                "onerror=",
                "onload=",
                "javascript:",
                "<iframe",
                "<form",
                "<style",
                "style=",
                "data:text",
                "name=\"key\"",
            ] {
                assert!(!html.contains(bad), "{attack} → {html}");
            }
        }
    }

    #[test]
    fn an_author_can_not_borrow_the_sites_classes_and_ids() {
        let html = render("<div class=\"notice button\" id=\"main\">x</div>");
        assert!(!html.contains("notice") && !html.contains("\"main\""), "{html}");
    }

    #[test]
    fn highlights_code_and_decorates() {
        let html = render(
            "# One\n\n## One\n\n```rust\nfn main() {}\n```\n\n![alt](a.png \"cap\")\n\n|a|b|c|\n|-|-:|:-:|\n|1|2|3|\n|4|5|6|\n\nnote[^1]\n\n[^1]: foot\n",
        );
        for part in [
            "<h2 id=\"s-one\">",
            "<h2 id=\"s-one-2\">",
            "class=\"anchor\"",
            "data-lang=\"rust\"",
            "hl-",
            "<figure>",
            "<figcaption>cap</figcaption>",
            "table-scroll",
            "<th>a</th><th align=\"right\">b</th><th align=\"center\">c</th>",
            "<td>1</td><td align=\"right\">2</td><td align=\"center\">3</td>",
            "<td>4</td><td align=\"right\">5</td><td align=\"center\">6</td>",
            "href=\"#fn-1\"",
            "id=\"fn-1\"",
        ] {
            assert!(html.contains(part), "{part} is missing in {html}");
        }
        assert!(!html.contains("style="), "{html}");
    }
}
