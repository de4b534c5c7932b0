//! The pages: a shell without data, and the scripts and styles that fill it through the API. All of it is in the program.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use super::work::Shared;

/// What the exception page compares texts by, as a module.
const COMPARING: &str =
    concat!(include_str!("../report/comparing.js"), "\nexport { INVISIBLE, disagreement };\n");

/// Name, type and content of every file.
const FILES: [(&str, &str, &str); 14] = [
    ("/", "text/html; charset=utf-8", include_str!("pages/index.html")),
    ("/assets/icon.svg", "image/svg+xml", include_str!("pages/icon.svg")),
    ("/assets/console.css", "text/css; charset=utf-8", include_str!("pages/console.css")),
    ("/assets/room.css", "text/css; charset=utf-8", include_str!("../room_map/room.css")),
    ("/assets/console.js", "text/javascript; charset=utf-8", include_str!("pages/console.js")),
    ("/assets/words.js", "text/javascript; charset=utf-8", include_str!("pages/words.js")),
    ("/assets/comparing.js", "text/javascript; charset=utf-8", COMPARING),
    ("/assets/elements.js", "text/javascript; charset=utf-8", include_str!("pages/elements.js")),
    ("/assets/finding.js", "text/javascript; charset=utf-8", include_str!("pages/finding.js")),
    ("/assets/exceptions.js", "text/javascript; charset=utf-8", include_str!("pages/exceptions.js")),
    ("/assets/room.js", "text/javascript; charset=utf-8", include_str!("pages/room.js")),
    ("/assets/moves.js", "text/javascript; charset=utf-8", include_str!("pages/moves.js")),
    ("/assets/completeness.js", "text/javascript; charset=utf-8", include_str!("pages/completeness.js")),
    ("/assets/loans.js", "text/javascript; charset=utf-8", include_str!("pages/loans.js")),
];

pub(super) fn router() -> Router<Arc<Shared>> {
    FILES.iter().fold(Router::new(), |router, (path, kind, content)| {
        let answer = move || async move { ([(header::CONTENT_TYPE, *kind)], *content).into_response() };
        router.route(path, get(answer))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_page_is_inline_and_no_text_is_taken_for_markup() {
        for (path, kind, content) in FILES {
            for forbidden in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "javascript:"]
            {
                assert!(!content.contains(forbidden), "{path} has {forbidden}");
            }
            if kind.starts_with("text/html") {
                assert!(
                    !content.contains("<style") && !content.contains(" style=") && !content.contains(" on"),
                    "{path}"
                );
                assert_eq!(
                    content.matches("<script").count(),
                    content.matches("<script type=\"module\" src=").count()
                );
            }
            let network = content.replace("http://www.w3.org/", "");
            assert!(
                !network.contains("http://") && !network.contains("https://"),
                "{path} names another host"
            );
        }
    }
}
